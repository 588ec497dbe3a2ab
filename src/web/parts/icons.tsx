// The icons, drawn as lines in the colour of the text around them.

import type { ComponentChildren } from 'preact';

function Icon({ children }: { readonly children: ComponentChildren }) {
  return (
    <svg
      class="icon"
      viewBox="0 0 24 24"
      width="20"
      height="20"
      fill="none"
      stroke="currentColor"
      stroke-width="1.6"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      {children}
    </svg>
  );
}

export const SearchIcon = () => (
  <Icon>
    <circle cx="11" cy="11" r="6.5" />
    <path d="m16 16 4.500 4.500" />
  </Icon>
);
export const BasketIcon = () => (
  <Icon>
    <path d="M5 8.500h14l-1.200 11H6.200zM8.500 8.500V7a3.500 3.500 0 0 1 7 0v1.500" />
  </Icon>
);
export const InspectorIcon = () => (
  <Icon>
    <path d="M4 5h9M4 10h14M9 15h7M12 20h8" />
  </Icon>
);
export const ThemeIcon = () => (
  <Icon>
    <circle cx="12" cy="12" r="7.500" />
    <path d="M12 4.500a7.500 7.500 0 0 1 0 15z" fill="currentColor" />
  </Icon>
);
export const PersonIcon = () => (
  <Icon>
    <circle cx="12" cy="8.500" r="3.500" />
    <path d="M5 20c.6-4 3.400-6 7-6s6.400 2 7 6" />
  </Icon>
);
export const CloseIcon = () => (
  <Icon>
    <path d="M6 6l12 12M18 6 6 18" />
  </Icon>
);
export const PlusIcon = () => (
  <Icon>
    <path d="M12 6v12M6 12h12" />
  </Icon>
);
