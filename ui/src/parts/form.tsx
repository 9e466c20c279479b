import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { ApiError } from "../api.ts";
import type { Options } from "../api-account.ts";
import { Declined } from "../state/proof.ts";
import { faultText } from "../state/refusals.ts";
import { hasText, t } from "../state/strings.ts";

interface Faults {
  fields: Readonly<Record<string, string>>;
  /** What is wrong with none of the fields. */
  whole: string;
}
const NONE: Faults = { fields: {}, whole: "" };

export type Values = Readonly<Record<string, string>>;

/** What the page itself can say of a field; all else the server says. */
function faultOf(input: HTMLInputElement): string | null {
  if (input.required && input.value === "") return t("form.missing");
  if (input.type === "email" && input.value && !/.@./.test(input.value)) return t("form.email");
  const least = Number(input.dataset.least ?? 0);
  return [...input.value].length < least ? t("form.short", { count: least }) : null;
}

function faultsOf(error: unknown, names: readonly string[]): Faults {
  if (!(error instanceof ApiError)) return { fields: {}, whole: faultText(error) };
  const fields: Record<string, string> = {};
  for (const { field, problem } of error.more.errors ?? []) {
    const name = field.split(".").at(-1) ?? "";
    const { why } = error.more;
    const key = `problem.${name}${why ? `.${why}` : ""}`;
    if (names.includes(name)) fields[name] = hasText(key) ? t(key) : problem;
  }
  // One text for all that can be wrong with a way in; it stands where it is most likely to be mended.
  if (error.type === "/problems/wrong-secret" && names.includes("password"))
    fields.password = faultText(error);
  return { fields, whole: Object.keys(fields).length > 0 ? "" : faultText(error) };
}

/** Tells each field what is wrong with it, or that nothing is. The fields of a form listen; no context is needed. */
function tell(inputs: readonly HTMLInputElement[], fields: Faults["fields"]): void {
  for (const input of inputs) input.dispatchEvent(new CustomEvent("invalid", { detail: fields[input.name] }));
}

/** A form that loses nothing: what is wrong is said beside its field, which takes the focus. */
export function Form({
  submit,
  onSend,
  isDanger = false,
  beside,
  children,
}: {
  submit: string;
  onSend: (values: Values, form: HTMLFormElement) => Promise<void>;
  isDanger?: boolean;
  /** Stands beside the button. */
  beside?: ComponentChildren;
  children?: ComponentChildren;
}) {
  const faults = useSignal(NONE);
  const isBusy = useSignal(false);
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    form.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
  }, [faults.value]);

  const send = async (): Promise<void> => {
    const here = form.current;
    if (!here || isBusy.peek()) return;
    const inputs = [...here.querySelectorAll("input")].filter((input) => input.name);
    const found = inputs.map((input) => [input.name, faultOf(input)] as const).filter(([, fault]) => fault);
    const say = (now: Faults) => {
      tell(inputs, now.fields);
      faults.value = now;
    };
    say({ fields: Object.fromEntries(found) as Record<string, string>, whole: "" });
    if (found.length > 0) return;
    isBusy.value = true;
    try {
      await onSend(Object.fromEntries(new FormData(here)) as Record<string, string>, here);
    } catch (error) {
      if (!(error instanceof Declined))
        say(
          faultsOf(
            error,
            inputs.map((input) => input.name),
          ),
        );
    } finally {
      isBusy.value = false;
    }
  };
  return (
    <form
      ref={form}
      class="form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      {children}
      <p class="fault" role="alert">
        {faults.value.whole}
      </p>
      <div class="buttons">
        <button type="submit" class={isDanger ? "danger" : "strong"} aria-disabled={isBusy.value}>
          {submit}
        </button>
        {beside}
      </div>
    </form>
  );
}

interface FieldProps {
  name: string;
  label: string;
  type?: "text" | "email" | "password";
  autocomplete: string;
  hint?: string;
  value?: string;
  isOptional?: boolean;
  /** So many characters at least. */
  least?: number;
  most?: number;
  onInput?: (value: string) => void;
}

/** One line to fill in: its label, a hint, what is wrong with it; a password can be looked at. */
export function Field({
  name,
  label,
  type = "text",
  autocomplete,
  hint,
  value,
  isOptional = false,
  least,
  most,
  onInput,
}: FieldProps) {
  const id = useId();
  const isShown = useSignal(false);
  const fault = useSignal("");
  const described = [hint && `${id}-hint`, fault.value && `${id}-fault`].filter(Boolean).join(" ");
  return (
    <div class="field">
      <label for={id}>
        {label} {isOptional && <span class="soft">{t("form.optional")}</span>}
      </label>
      <div class="entry">
        <input
          id={id}
          name={name}
          type={(type === "password" && isShown.value ? "text" : type) as "text"}
          autocomplete={autocomplete}
          defaultValue={value}
          required={!isOptional}
          data-least={least}
          maxLength={most}
          autocapitalize={type === "text" ? undefined : "none"}
          spellcheck={type === "text"}
          aria-invalid={fault.value ? true : undefined}
          aria-describedby={described || undefined}
          onInvalid={(event) => {
            fault.value = (event as unknown as CustomEvent<string | null>).detail ?? "";
          }}
          onInput={onInput && ((event) => onInput(event.currentTarget.value))}
        />
        {type === "password" && (
          <button
            type="button"
            class="look"
            aria-pressed={isShown.value}
            aria-label={t("form.show_password")}
            onClick={() => {
              isShown.value = !isShown.value;
            }}
          >
            {t(isShown.value ? "form.hide" : "form.show")}
          </button>
        )}
      </div>
      {hint && (
        <p class="soft" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {fault.value && (
        <p class="fault" id={`${id}-fault`}>
          {fault.value}
        </p>
      )}
    </div>
  );
}

/** Recommended, never asked for. */
const GOOD_LENGTH = 15;

/** A password that is chosen now. */
export function NewPassword({ here, label = t("form.new_password") }: { here: Options; label?: string }) {
  return (
    <Field
      name="password"
      type="password"
      label={label}
      autocomplete="new-password"
      least={here.password_length}
      hint={t("form.password.hint", { count: here.password_length, good: GOOD_LENGTH })}
    />
  );
}
