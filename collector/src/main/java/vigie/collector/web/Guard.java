package vigie.collector.web;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.netty.util.NetUtil;
import java.net.URI;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import vigie.base.http.HttpAnswer;
import vigie.base.http.HttpHandler;
import vigie.base.http.HttpRequest;
import vigie.base.http.HttpStream;
import vigie.base.http.Routes;
import vigie.collector.api.Json;

/**
 * Refuses what changes something to viewers, and to browsers that another site's page sends. What
 * changes something is every request but GET and what its route says to ask only, so that a new
 * route is guarded before anybody thinks of it. docs/page.md says why each is refused.
 */
public final class Guard implements HttpHandler {
  private final HttpHandler inner;
  private final Routes routes;
  private final SignIns signIns;
  private final String external;
  private final Counter elsewhere;
  private final Counter token;
  private final Counter role;

  /**
   * @param inner what answers, by these routes
   * @param externalUrl where people reach the collector; {@code ""} where nobody said
   */
  public Guard(
      HttpHandler inner, Routes routes, SignIns signIns, String externalUrl, MeterRegistry meters) {
    this.inner = inner;
    this.routes = routes;
    this.signIns = signIns;
    this.external = authority(externalUrl);
    elsewhere = meters.counter("vigie.web.refused", "reason", "cross_site");
    token = meters.counter("vigie.web.refused", "reason", "token");
    role = meters.counter("vigie.web.refused", "reason", "role");
  }

  @Override
  public HttpAnswer handle(HttpRequest request) throws Exception {
    throw new IllegalStateException("BUG: answers later, and was asked to answer at once");
  }

  @Override
  public CompletionStage<HttpAnswer> begin(HttpRequest request) throws Exception {
    Visitor visitor = signIns.visitor(request);
    boolean open = signIns.isOpenToAll(request);
    HttpAnswer refusal = open ? null : signIns.refusal(request, visitor);
    if (refusal == null && routes.changes(request)) {
      refusal = refuse(request, visitor, open);
    }
    if (refusal != null) {
      return CompletableFuture.completedStage(refusal);
    }
    return inner.begin(request).thenApply(answer -> whileSignedIn(answer, request, visitor));
  }

  private @Nullable HttpAnswer refuse(HttpRequest request, Visitor visitor, boolean open) {
    String why = crossSite(request, visitor);
    if (why != null) {
      elsewhere.increment();
      return forbidden(why);
    }
    if (open) {
      return null; // to sign in or out
    }
    if (visitor.needsToken() && !signIns.hasToken(request, visitor)) {
      token.increment();
      return forbidden(
          "who is signed in by session or proxy must send the header X-Vigie-CSRF with what"
              + " /api/vigie/me says; reload the page");
    }
    if (!visitor.operator()) {
      role.increment();
      return forbidden(
          (visitor.user().isEmpty() ? "you may" : visitor.user() + " may")
              + " look, and not change anything: the role is viewer; see web.operators in"
              + " collector.yaml");
    }
    return null;
  }

  /** Why a browser must not send this; null where it may, or is none. */
  private @Nullable String crossSite(HttpRequest request, Visitor visitor) {
    String site = request.header("sec-fetch-site");
    String origin = request.header("origin");
    String from = authority(origin);
    boolean ours = !from.isEmpty() && from.equals(external);
    if (!site.isEmpty()) {
      return site.equals("same-origin") || site.equals("none") || ours
          ? null
          : "a page of another site sent this (Sec-Fetch-Site: " + site + ")";
    }
    if (origin.isEmpty() || ours) {
      return null;
    }
    String host = host(request.header("host"));
    String forwarded = host(signIns.forwarded(request, "x-forwarded-host"));
    if (from.isEmpty() || !(from.equals(host) || from.equals(forwarded))) {
      return "a page of "
          + origin
          + " sent this; if it is the collector's own, say so in external_url";
    }
    // Any name can be made to lead here by whoever owns it; nobody owns an address, or a name
    // without a dot.
    return visitor.how() == Visitor.How.NONE && isOwnedByStrangers(from)
        ? "set external_url to http://"
            + from
            + " in collector.yaml: without it, and without a sign-in, only pages at an address are"
            + " trusted"
        : null;
  }

  private static boolean isOwnedByStrangers(String authority) {
    int colon = authority.lastIndexOf(':');
    boolean port = colon > authority.lastIndexOf(']');
    String host = port ? authority.substring(0, colon) : authority;
    String number = host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
    return host.contains(".")
        && !NetUtil.isValidIpV4Address(number)
        && !NetUtil.isValidIpV6Address(number);
  }

  /** Host and, where it is not the usual, port of an address; {@code ""} where it has none. */
  private static String authority(String url) {
    try {
      URI uri = URI.create(url);
      return uri.getRawAuthority() == null ? "" : host(uri.getRawAuthority());
    } catch (IllegalArgumentException noUrl) {
      return "";
    }
  }

  /** Without the ports that browsers leave out, and which proxies may add. */
  private static String host(String authority) {
    String low = authority.toLowerCase(Locale.ROOT).strip();
    return low.endsWith(":80") || low.endsWith(":443")
        ? low.substring(0, low.lastIndexOf(':'))
        : low;
  }

  private static HttpAnswer forbidden(String why) {
    return Json.answer(
        403,
        json -> {
          json.writeStartObject();
          json.writeStringField("error", why);
          json.writeEndObject();
        });
  }

  /** A stream ends with the session that it was asked for in. */
  private HttpAnswer whileSignedIn(HttpAnswer answer, HttpRequest request, Visitor visitor) {
    Consumer<HttpStream> stream = answer.stream();
    if (stream == null || visitor.how() != Visitor.How.SESSION) {
      return answer;
    }
    return new HttpAnswer(
        answer.status(),
        answer.contentType(),
        answer.body(),
        answer.headers(),
        out -> stream.accept(new Watched(out, request, visitor)));
  }

  private final class Watched implements HttpStream {
    private final HttpStream out;
    private final HttpRequest request;
    private final Visitor visitor;

    Watched(HttpStream out, HttpRequest request, Visitor visitor) {
      this.out = out;
      this.request = request;
      this.visitor = visitor;
    }

    @Override
    public boolean send(byte[] more) {
      return isOpen() && out.send(more);
    }

    @Override
    public boolean isOpen() {
      return out.isOpen() && signIns.goesOn(request, visitor);
    }

    @Override
    public void close() {
      out.close();
    }
  }
}
