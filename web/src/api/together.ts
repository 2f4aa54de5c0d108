/**
 * Asks one question for all that is asked for until the present task ends, at most so many at once. Who asks is answered
 * with everything that was found by the same question.
 */
export function together<T>(ask: (ids: string[]) => Promise<T>, most: number): (id: string) => Promise<T> {
  let waiting: { ids: Set<string>; answer: Promise<T> } | undefined;
  return (id) => {
    if (!waiting || waiting.ids.size >= most) {
      const ids = new Set<string>();
      // A list draws its lines in one task, and each asks in it.
      const gathered = new Promise((resolve) => setTimeout(resolve));
      const answer = gathered.then(() => {
        if (waiting?.ids === ids) waiting = undefined;
        return ask([...ids]);
      });
      waiting = { ids, answer };
    }
    waiting.ids.add(id);
    return waiting.answer;
  };
}
