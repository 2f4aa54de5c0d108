import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { cache } from './api/cache.ts';
import { startLanguage } from './language/language.ts';
import { Appearance } from './shell/appearance.tsx';
import { signStyles } from './shell/nonce.ts';
import { router } from './shell/routes.tsx';
import './shell/appearance.css';

signStyles();
// Who is signed in, and the code of the page, are on their way while the words come.
void router.load();
await startLanguage();

const place = document.getElementById('console');
if (place) {
  createRoot(place).render(
    <StrictMode>
      <QueryClientProvider client={cache}>
        <Appearance>
          <RouterProvider router={router} />
        </Appearance>
      </QueryClientProvider>
    </StrictMode>,
  );
}
