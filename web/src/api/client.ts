import createClient from 'openapi-fetch';
import { Problem } from '../problem/problem.ts';
import type { components, paths } from './schema.d.ts';

/** The bodies of the interface, by their names in the OpenAPI document. */
export type Body = components['schemas'];

export const api = createClient<paths>({ baseUrl: '' });

interface Outcome<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The body of an answer; whatever is not one is thrown as a {@link Problem}. */
export async function answer<T>(call: Promise<Outcome<T>>): Promise<T> {
  const { data, error, response } = await call.catch((cause: unknown) => {
    throw cause instanceof DOMException && cause.name === 'AbortError' ? cause : Problem.unreachable();
  });
  if (!response.ok) throw Problem.of(error, response);
  return data as T;
}
