// A short message at the bottom of the page. Screen readers announce the message too.

import { useEffect } from 'preact/hooks';
import { toast } from '../state';

const SHOWN_MS = 4000;

export function Toast() {
  const shown = toast.value;
  useEffect(() => {
    if (!shown) return undefined;
    const timer = setTimeout(() => {
      if (toast.value === shown) toast.value = undefined;
    }, SHOWN_MS);
    return () => clearTimeout(timer);
  }, [shown]);
  return (
    <div class="toast" role="status">
      {shown && <p>{shown.text}</p>}
    </div>
  );
}
