import { createHash } from "node:crypto";
import type { ChannelInput } from "../../../schema/alert-rules.ts";
import { createTransport } from "nodemailer";
import type { AlertMessage } from "../message/message.ts";
import { resolveTarget } from "./guard.ts";
import { SEND_TIMEOUT_MS, type SendResult } from "./post.ts";

type EmailChannel = Extract<ChannelInput, { type: "email" }>;

/** Sends by SMTP; the messages of one incident make one thread in a mail program. Never throws. */
export async function sendEmail(
  channel: EmailChannel,
  message: AlertMessage,
  allowPrivate: boolean,
): Promise<SendResult> {
  try {
    const [target] = await resolveTarget(channel.host, allowPrivate);
    const transport = createTransport({
      host: target?.address ?? channel.host,
      port: channel.port ?? 587,
      secure: channel.secure ?? false,
      ...(channel.user !== undefined && { auth: { user: channel.user, pass: channel.password ?? "" } }),
      tls: { servername: channel.host },
      connectionTimeout: SEND_TIMEOUT_MS,
      greetingTimeout: SEND_TIMEOUT_MS,
      socketTimeout: SEND_TIMEOUT_MS,
      disableFileAccess: true,
      disableUrlAccess: true,
    });
    const thread = `<${digest(message.incident)}@hopscope>`;
    try {
      await transport.sendMail({
        from: channel.from,
        to: [...channel.to],
        subject: message.title,
        text: `${message.text}\n\n${message.url}\n`,
        messageId: `<${digest(message.id)}@hopscope>`,
        inReplyTo: thread,
        references: [thread],
        headers: { "X-Hopscope-Message": message.id, "Auto-Submitted": "auto-generated" },
      });
    } finally {
      transport.close();
    }
    return { ok: true };
  } catch (error) {
    return { ok: false, error: error instanceof Error ? error.message : String(error) };
  }
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}
