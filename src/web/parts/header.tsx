// The header of every page: the name, the search, and buttons for customer, basket, light or dark,
// and inspector.

import { useLocation } from 'preact-iso';
import { useEffect, useState } from 'preact/hooks';
import { inspecting, pieces, theme } from '../state';
import { CustomerSwitch } from './customer-switch';
import { INSPECTOR_BUTTON } from './inspector';
import { BasketIcon, InspectorIcon, SearchIcon, ThemeIcon } from './icons';

export function Header() {
  return (
    <header class="header">
      <a class="brand" href="/">
        Vitrine
      </a>
      <SearchField />
      <nav class="tools" aria-label="Shop">
        <CustomerSwitch />
        <a class="tool" href="/basket" aria-label={`Basket, ${String(pieces.value)} pieces`}>
          <BasketIcon />
          {pieces.value > 0 && <span class="count">{pieces.value}</span>}
        </a>
        <ThemeButton />
        <button
          class="tool"
          type="button"
          id={INSPECTOR_BUTTON}
          aria-label="Inspector"
          aria-controls="inspector"
          aria-expanded={inspecting.value}
          title="What is behind this page"
          onClick={() => (inspecting.value = !inspecting.value)}
        >
          <InspectorIcon />
        </button>
      </nav>
    </header>
  );
}

function SearchField() {
  const { path, query, route } = useLocation();
  const shown = path === '/search' ? (query['q'] ?? '') : '';
  const [text, setText] = useState(shown);
  useEffect(() => setText(shown), [shown]);
  return (
    <form
      class="search-field"
      role="search"
      action="/search"
      onSubmit={(event) => {
        event.preventDefault();
        if (text.trim() !== '') route(`/search?q=${encodeURIComponent(text.trim())}`);
      }}
    >
      <SearchIcon />
      <input
        type="search"
        name="q"
        aria-label="Search"
        placeholder="Search the shop"
        maxLength={200}
        autocomplete="off"
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
      />
    </form>
  );
}

const NEXT = { auto: 'light', light: 'dark', dark: 'auto' } as const;
const NAMES = { auto: 'as the system', light: 'light', dark: 'dark' } as const;

function ThemeButton() {
  return (
    <button
      class="tool"
      type="button"
      aria-label={`Colours: ${NAMES[theme.value]}`}
      title={`Colours: ${NAMES[theme.value]}`}
      onClick={() => (theme.value = NEXT[theme.value])}
    >
      <ThemeIcon />
    </button>
  );
}
