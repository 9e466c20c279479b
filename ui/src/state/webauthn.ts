/** Passkeys: what the server sends and wants is JSON, what browsers give and take holds bytes. */
import type { Ceremony } from "../api-account.ts";

type Json = Record<string, unknown>;

/** Whether this browser can have passkeys here: it needs a host name, over HTTPS unless that is localhost. */
export const canPasskey = (): boolean => typeof PublicKeyCredential === "function" && window.isSecureContext;

export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
}

export function textOf(bytes: ArrayBuffer): string {
  const plain = String.fromCharCode(...new Uint8Array(bytes));
  return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

const withBytes = (named: unknown): Json => ({
  ...(named as Json),
  id: bytesOf((named as { id: string }).id),
});

/** Options with bytes where browsers want them. (`parseCreationOptionsFromJSON` is younger than our oldest browser.) */
export function optionsOf({ options }: Ceremony): Json {
  const found = (options.publicKey ?? options) as Json;
  const { challenge, user, allowCredentials, excludeCredentials } = found;
  return {
    ...found,
    challenge: bytesOf(challenge as string),
    ...(user ? { user: withBytes(user) } : {}),
    ...(allowCredentials ? { allowCredentials: (allowCredentials as unknown[]).map(withBytes) } : {}),
    ...(excludeCredentials ? { excludeCredentials: (excludeCredentials as unknown[]).map(withBytes) } : {}),
  };
}

/** A credential as JSON. (`toJSON` is younger than our oldest browser, and some extensions break it.) */
function jsonOf(credential: PublicKeyCredential): Json {
  const told = credential.response as AuthenticatorAttestationResponse & AuthenticatorAssertionResponse;
  const response: Json = {};
  for (const part of [
    "clientDataJSON",
    "attestationObject",
    "authenticatorData",
    "signature",
    "userHandle",
  ] as const)
    if (told[part]) response[part] = textOf(told[part]);
  if (told.getTransports) response.transports = told.getTransports();
  return {
    id: credential.id,
    rawId: textOf(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment,
    clientExtensionResults: credential.getClientExtensionResults(),
    response,
  };
}

/** Has the person use a passkey; null when they would rather not. */
export async function usedPasskey(ceremony: Ceremony): Promise<Json | null> {
  return ask(() =>
    navigator.credentials.get({
      publicKey: optionsOf(ceremony) as unknown as PublicKeyCredentialRequestOptions,
    }),
  );
}

/** Has the person make a passkey; null when they would rather not. */
export async function madePasskey(ceremony: Ceremony): Promise<Json | null> {
  return ask(() =>
    navigator.credentials.create({
      publicKey: optionsOf(ceremony) as unknown as PublicKeyCredentialCreationOptions,
    }),
  );
}

async function ask(question: () => Promise<Credential | null>): Promise<Json | null> {
  try {
    const credential = await question();
    return credential && jsonOf(credential as PublicKeyCredential);
  } catch (error) {
    // One name for every way of not wanting to: cancelled, timed out, no such passkey at hand.
    if (error instanceof DOMException && ["NotAllowedError", "AbortError"].includes(error.name)) return null;
    throw error;
  }
}
