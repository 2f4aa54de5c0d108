/** Chinese has one plural form: keys for one thing alone are not needed. */
export type InOneForm<T> = T extends string[]
  ? string[]
  : T extends object
    ? { [K in keyof T as K extends `${string}_one` ? never : K]: InOneForm<T[K]> }
    : string;
