import { render } from 'preact';
import { App } from './app';
import { followAddress } from './route';
import './style/base.css';
import './style/shell.css';
import './style/market.css';
import './style/tables.css';
import './style/views.css';
import './style/coverage.css';
import './style/query.css';
import { startTheme } from './theme';

startTheme();
followAddress();
const page = document.getElementById('page');
if (page) {
  page.textContent = '';
  render(<App />, page);
}
