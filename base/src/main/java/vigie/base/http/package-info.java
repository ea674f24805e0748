/**
 * Owns the HTTP server: routes, gzip, limits. Imports {@code net}; who handles requests knows
 * nothing of Netty.
 */
@NullMarked
package vigie.base.http;

import org.jspecify.annotations.NullMarked;
