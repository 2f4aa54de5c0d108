/** What lets styles through the server's content security policy; there is none while Vite serves the pages. */
export const nonce = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce || undefined;

/**
 * antd gives its styles the nonce, but two of the parts that it is made of don't: the lock on scrolling behind dialogs
 * and the measuring of scroll bars (`updateCSS` of @rc-component/util without `csp`). So every style that a script of
 * ours makes has it from the beginning.
 */
export function signStyles(): void {
  if (!nonce) return;
  const create = document.createElement.bind(document) as (tag: string, options?: ElementCreationOptions) => HTMLElement;
  document.createElement = ((tag: string, options?: ElementCreationOptions) => {
    const element = create(tag, options);
    if (element instanceof HTMLStyleElement) element.nonce = nonce;
    return element;
  }) as typeof document.createElement;
}
