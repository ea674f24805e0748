/**
 * What stands in front of the APIs and beside them for people: sign-in, roles and what is refused,
 * the files of the page, news for it. Imports only {@code api}.
 */
@NullMarked
package vigie.collector.web;

import org.jspecify.annotations.NullMarked;
