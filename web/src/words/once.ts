import { useEffect, useRef } from 'react';

/** Lets something be sent only while nothing is on its way: keys that are pressed twice come faster than the page learns
 * that something is. */
export function useOnce(sending: boolean): (send: () => void) => void {
  const underWay = useRef(false);
  useEffect(() => {
    underWay.current = sending;
  });
  return (send) => {
    if (underWay.current) return;
    underWay.current = true;
    send();
  };
}
