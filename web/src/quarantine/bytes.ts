const LINE = 16;

/** Bytes as offset, hexadecimal and readable characters, sixteen a line. */
export function dump(base64: string): string {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const lines: string[] = [];
  for (let offset = 0; offset < bytes.length; offset += LINE) {
    const line = [...bytes.subarray(offset, offset + LINE)];
    const hex = line.map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const readable = line.map((byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : '.')).join('');
    lines.push(`${offset.toString(16).padStart(6, '0')}  ${hex.padEnd(LINE * 3)} ${readable}`);
  }
  return lines.join('\n');
}
