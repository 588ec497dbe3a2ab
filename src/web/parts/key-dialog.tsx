// Asks for a key when the server does. With the key the page is loaded again.

import { useEffect, useRef, useState } from 'preact/hooks';
import { key, keyWanted } from '../key';

export function KeyDialog() {
  const dialog = useRef<HTMLDialogElement>(null);
  const [text, setText] = useState('');
  const reason = keyWanted.value;
  useEffect(() => {
    if (reason !== undefined && dialog.current?.open === false) dialog.current.showModal();
  }, [reason]);
  return (
    <dialog ref={dialog} class="switch" aria-labelledby="key-title" onClose={() => (keyWanted.value = undefined)}>
      <form
        class="switch-inside key-form"
        onSubmit={(event) => {
          event.preventDefault();
          if (text.trim() === '') return;
          key.value = text.trim();
          location.reload();
        }}
      >
        <h2 id="key-title">A key, please</h2>
        <p class="quiet">
          This shop window shows what customers bought and buys for them, so it needs a key with the scopes{' '}
          <code>recommend</code>, <code>customers:read</code> and <code>events:write</code>. It stays in this tab.
        </p>
        <pre class="key-command">npx vitrine keys make window --scopes recommend,customers:read,events:write</pre>
        <label>
          <span>Key</span>
          <input
            type="password"
            autocomplete="off"
            value={text}
            maxLength={200}
            onInput={(event) => setText(event.currentTarget.value)}
          />
        </label>
        {reason !== undefined && (
          <p class="quiet" role="status">
            The server says: {reason}
          </p>
        )}
        <button class="button" type="submit" disabled={text.trim() === ''}>
          Open the shop
        </button>
      </form>
    </dialog>
  );
}
