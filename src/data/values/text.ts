// Turns HTML into plain text.

export function plainText(html: string): string {
  return html;
}
