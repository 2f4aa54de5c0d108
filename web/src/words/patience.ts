import { useEffect, useState } from 'react';

/** How long lines wait for the names in them, in milliseconds. */
const PATIENCE = 2_000;

/** Whether a page is so young that it waits for what its lines only name: an answer that is lost must not hide them. */
export function usePatience(): boolean {
  const [patient, setPatient] = useState(true);
  useEffect(() => {
    const end = setTimeout(() => setPatient(false), PATIENCE);
    return () => clearTimeout(end);
  }, []);
  return patient;
}
