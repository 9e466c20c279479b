/** On or off, at once. */
export function Switch({
  label,
  isOn,
  onSwitch,
}: {
  label: string;
  isOn: boolean;
  onSwitch: (on: boolean) => void;
}) {
  return (
    <button type="button" role="switch" class="switch" aria-checked={isOn} onClick={() => onSwitch(!isOn)}>
      <span class="unseen">{label}</span>
      <span class="knob" aria-hidden="true" />
    </button>
  );
}
