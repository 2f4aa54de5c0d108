// Writes src/api/schema.d.ts from the committed OpenAPI document of the server.
//
// Operation identifiers repeat in that document (`list` stands in four places), and the generator would give all of
// them the same types; without identifiers it writes each operation's types at its path.
import { readFile, writeFile } from 'node:fs/promises';
import openapiTS, { astToString } from 'openapi-typescript';

const source = new URL('../../server/tests/http/openapi.json', import.meta.url);
const target = new URL('../src/api/schema.d.ts', import.meta.url);

const document = JSON.parse(await readFile(source, 'utf8'));
for (const path of Object.values(document.paths)) {
  for (const operation of Object.values(path)) delete operation.operationId;
}
await writeFile(target, astToString(await openapiTS(document)));
