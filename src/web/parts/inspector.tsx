// The inspector. It shows the operation behind the page, the time of each stage, the number of
// candidates by source, and why each article is on the page.

import { useEffect, useRef, useState } from 'preact/hooks';
import { operations, type Operation } from '../api';
import { listsOf } from '../explain';
import { milliseconds } from '../format';
import { covered, inspecting } from '../state';
import { CloseIcon } from './icons';
import { Reasons } from './reasons';
import { Candidates, Waterfall } from './waterfall';

/**
 * Operations that do not fetch a page: those for choosing a customer and for proposing searches.
 */
const BESIDE_THE_PAGE = ['CustomerChoice', 'CustomerById', 'Proposals'];

/**
 * Id of the button that opens the inspector. The button gets the focus when the inspector closes.
 */
export const INSPECTOR_BUTTON = 'inspector-button';

/** Closes the inspector, and moves the focus back to its button once the page can be used again. */
function close(): void {
  inspecting.value = false;
  requestAnimationFrame(() => document.getElementById(INSPECTOR_BUTTON)?.focus());
}

/** Closes the inspector on Escape, unless the key is meant for a dialog or a text field. */
function useEscape(own: { readonly current: HTMLElement | null }): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key !== 'Escape' || event.defaultPrevented || document.querySelector('dialog[open]')) return;
      const at = document.activeElement;
      const itsOwn = at === document.body || at?.id === INSPECTOR_BUTTON || own.current?.contains(at);
      if (itsOwn || covered.value) close();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
}

export function Inspector() {
  const open = inspecting.value;
  // An inspector that was left open on the last visit does not take the focus.
  const before = useRef(open);
  const byHand = open && !before.current;
  useEffect(() => {
    before.current = open;
  }, [open]);
  return open ? <OpenInspector focused={byHand} /> : null;
}

function OpenInspector({ focused }: { readonly focused: boolean }) {
  const [chosen, setChosen] = useState<number | undefined>(undefined);
  const own = useRef<HTMLElement>(null);
  useEscape(own);
  useEffect(() => {
    if (focused) own.current?.focus();
  }, []);
  const all = operations.value;
  // Without a choice, the operation of the page is shown, even if another operation was answered
  // later.
  const shown =
    all.find(({ number }) => number === chosen) ?? all.find(({ name }) => !BESIDE_THE_PAGE.includes(name)) ?? all[0];
  return (
    <aside class="inspector" id="inspector" aria-label="Inspector" ref={own} tabIndex={-1}>
      <header>
        <h2>Inspector</h2>
        <button class="tool" type="button" aria-label="Close the inspector" onClick={close}>
          <CloseIcon />
        </button>
      </header>
      <ul class="operations" aria-label="Operations, newest first">
        {all.map((one) => (
          <li key={one.number}>
            <button type="button" aria-pressed={one === shown} onClick={() => setChosen(one.number)}>
              <span>{one.name}</span>
              <span class="quiet">{milliseconds(one.ms)}</span>
            </button>
          </li>
        ))}
      </ul>
      {shown && <Details key={shown.number} operation={shown} />}
      <nav class="inspector-links" aria-label="More of the service">
        <a href="/report">Report</a>
        <a href="/metrics">Metrics</a>
        <a href="/health/ready">Health</a>
        <a href="/graphql">Sandbox</a>
      </nav>
    </aside>
  );
}

function Details({ operation }: { readonly operation: Operation }) {
  const { trace, error } = operation;
  const list = trace?.recommendations[0];
  const lists = listsOf(operation);
  return (
    <>
      {error !== undefined && <p role="alert">{error}</p>}
      {trace && (
        <section>
          <h3>Time</h3>
          <p class="quiet">
            {milliseconds(trace.totalMs)} in the server, {milliseconds(operation.ms)} from here to there and back
          </p>
          <Waterfall trace={trace} />
        </section>
      )}
      {list && (
        <section>
          <h3>Candidates</h3>
          <p class="quiet">
            {list.candidates} distinct ones, with {list.purchases} purchases to go by
            {list.batch > 1 ? `; ${String(list.batch)} lists in one run of the models` : ''}
          </p>
          <Candidates found={list.found} />
        </section>
      )}
      {lists.length > 0 && (
        <section>
          <h3>Why each is there</h3>
          {lists.map((one) => (
            <Reasons key={one.title} list={one} />
          ))}
        </section>
      )}
      <section>
        <h3>Operation</h3>
        <a class="button" href={sandboxPath(operation)} target="_blank" rel="noreferrer">
          Open in Sandbox
        </a>
        <pre tabIndex={0} aria-label="Variables">
          {JSON.stringify(operation.variables, null, 2)}
        </pre>
        <pre tabIndex={0} aria-label="Text of the operation">
          {operation.text}
        </pre>
      </section>
    </>
  );
}

/** Returns the address of Sandbox on this server, opened with the operation and its variables. */
function sandboxPath({ name, variables }: Operation): string {
  return `/graphql?${new URLSearchParams({ operation: name, variables: JSON.stringify(variables) }).toString()}`;
}
