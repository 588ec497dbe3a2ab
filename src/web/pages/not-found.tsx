// The page shown for an unknown address.

import { useEffect } from 'preact/hooks';

export function NotFoundPage() {
  useEffect(() => {
    document.title = 'Nothing is here · Vitrine';
  }, []);
  return (
    <div class="page empty">
      <h1>Nothing is here</h1>
      <p class="quiet">The address leads to nothing in this shop. Mistyped, or gone?</p>
      <a class="button" href="/">
        To the shop window
      </a>
    </div>
  );
}
