// The frame of every page: the header, the page that belongs to the address, the footer, and the
// inspector next to them.

import { LocationProvider, Route, Router, useLocation } from 'preact-iso';
import { useEffect, useRef } from 'preact/hooks';
import { covered, inspecting } from './state';
import { Header } from './parts/header';
import { Inspector } from './parts/inspector';
import { KeyDialog } from './parts/key-dialog';
import { Toast } from './parts/toast';
import { ArticlePage } from './pages/article';
import { BasketPage } from './pages/basket';
import { HomePage } from './pages/home';
import { NotFoundPage } from './pages/not-found';
import { SearchPage } from './pages/search';
import { usePlace } from './scroll';

/** Addresses of the shop window. All others (the API, the report) are separate pages. */
const OWN = /^\/($|\?|article\/|search|basket)/;

export function App() {
  return (
    <LocationProvider scope={OWN}>
      <Frame />
    </LocationProvider>
  );
}

function Frame() {
  const main = useRef<HTMLElement>(null);
  const { path, url } = useLocation();
  usePlace(url, main);
  const before = useRef(path);
  useEffect(() => {
    if (before.current === path) return;
    before.current = path;
    // An open inspector would cover the page that was chosen in the inspector.
    if (covered.value) inspecting.value = false;
    // Keyboard focus moves to the start of the page, as after a full page load.
    main.current?.focus({ preventScroll: true });
  }, [path]);
  return (
    <div class={inspecting.value ? 'frame inspected' : 'frame'}>
      <div class="shop" inert={covered.value}>
        <a class="skip" href="#main">
          Skip to the content
        </a>
        <Header />
        <main id="main" ref={main} tabIndex={-1}>
          <Router>
            <Route path="/" component={HomePage} />
            <Route path="/article/:id" component={ArticlePage} />
            <Route path="/search" component={SearchPage} />
            <Route path="/basket" component={BasketPage} />
            <Route default component={NotFoundPage} />
          </Router>
        </main>
        <footer class="footer">
          <p>
            Everything here comes through one GraphQL API. <a href="/graphql">Try it in Sandbox</a>, read{' '}
            <a href="/report">how good it is</a>, or look at <a href="/metrics">its metrics</a>.
          </p>
        </footer>
      </div>
      <Inspector />
      <KeyDialog />
      <Toast />
    </div>
  );
}
