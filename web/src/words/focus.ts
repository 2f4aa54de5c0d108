/** Has a field of a dialog take the focus once the dialog is open: when React would give it to a field with `autoFocus`,
 * the dialog is not on the page yet, and antd then gives it to the button that closes. */
export const focusOn =
  (id: string) =>
  (open: boolean): void => {
    if (open) document.getElementById(id)?.focus();
  };
