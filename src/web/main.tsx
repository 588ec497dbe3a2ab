// Starts the shop window in the browser.

import { render } from 'preact';
import './styles/base.css';
import './styles/frame.css';
import './styles/shelves.css';
import './styles/article.css';
import './styles/inspector.css';
import { App } from './app';

const root = document.getElementById('app');
if (root) render(<App />, root);
