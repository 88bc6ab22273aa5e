const DEL_AND_C1 = /[\u007f-\u009f]/g

/** A string of JSON. By itself that leaves DEL and the C1 characters as they are, which drive terminals, too. */
export function jsonText(value: string): string {
  const escaped = (char: string) => `\\u00${char.charCodeAt(0).toString(16)}`
  return JSON.stringify(value).replace(DEL_AND_C1, escaped)
}
