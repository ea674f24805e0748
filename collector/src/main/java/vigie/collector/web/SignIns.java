package vigie.collector.web;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.List;
import java.util.function.Predicate;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;
import vigie.base.http.HttpAnswer;
import vigie.base.http.HttpRequest;
import vigie.base.http.Visitors;
import vigie.base.http.WebAccess;
import vigie.base.time.Clock;
import vigie.collector.api.Json;
import vigie.collector.web.Sessions.Session;
import vigie.collector.web.Visitor.How;

/**
 * Who asks, and whether they may change something: by session, by a proxy's header, by a password
 * or a certificate. Safe for all threads.
 */
public final class SignIns implements Visitors {
  static final String COOKIE = "vigie_session";

  /** The page sends it with every request; a form or link of another site cannot. */
  static final String TOKEN = "x-vigie-csrf";

  private static final int MOST_NAME = 200;

  /** What proxies add: who sends one and no user comes from outside. */
  private static final List<String> FORWARDED =
      List.of("forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip");

  private final WebAccess access;
  private final Predicate<HttpRequest> open;
  private final Sessions sessions;
  private final SecretKeySpec secret;
  private volatile WebSettings settings;

  /**
   * @param access asked about passwords
   * @param open what anybody may ask for
   */
  public SignIns(
      WebAccess access,
      WebSettings settings,
      Predicate<HttpRequest> open,
      Clock clock,
      MeterRegistry meters) {
    this.access = access;
    this.settings = settings;
    this.open = open;
    this.sessions = new Sessions(clock);
    byte[] random = new byte[32];
    new SecureRandom().nextBytes(random);
    secret = new SecretKeySpec(random, "HmacSHA256");
    Gauge.builder("vigie.web.sessions", sessions, Sessions::count)
        .description(
            "People signed in on the page; those who left without a word count until then.")
        .strongReference(true)
        .register(meters);
  }

  /** Takes other settings; sessions go on under them. */
  public void configure(WebSettings next) {
    settings = next;
  }

  @Override
  public String user(HttpRequest request) {
    Session session = session(request, true);
    return session == null ? proxied(request) : session.user();
  }

  @Override
  public boolean isOpenToAll(HttpRequest request) {
    return open.test(request);
  }

  /** Without a challenge where a script asks, or its browser would ask in the page's stead. */
  @Override
  public HttpAnswer unknown(HttpRequest request) {
    boolean script =
        !request.header(TOKEN).isEmpty()
            || request.header("sec-fetch-dest").equals("empty")
            || request.header("accept").contains("text/event-stream");
    return script
        ? signInFirst("session", "sign in first")
        : HttpAnswer.text(401, "Unauthorized\n").with("www-authenticate", "Basic");
  }

  static HttpAnswer signInFirst(String how, String error) {
    return Json.answer(
        401,
        json -> {
          json.writeStartObject();
          json.writeStringField("signIn", how);
          json.writeStringField("error", error);
          json.writeEndObject();
        });
  }

  /** What to tell who must show first who they are; null where they have, or need not. */
  @Nullable HttpAnswer refusal(HttpRequest request, Visitor visitor) {
    if (visitor.how() != How.NONE) {
      return null;
    }
    if (access.hasUsers()) {
      return unknown(request);
    }
    return cameByProxy(request)
        ? signInFirst(
            "proxy", "the proxy did not say who you are in the header " + settings.userHeader())
        : null;
  }

  Visitor visitor(HttpRequest request) {
    Session session = session(request, false);
    if (session != null) {
      return new Visitor(session.user(), How.SESSION, mayChange(session.user(), How.SESSION));
    }
    String proxied = proxied(request);
    if (!proxied.isEmpty()) {
      WebSettings now = settings;
      boolean said =
          !now.roleHeader().isEmpty()
              && request.header(now.roleHeader()).equalsIgnoreCase("operator");
      boolean named = now.operators().contains(proxied);
      boolean only = now.viewers().contains(proxied);
      return new Visitor(proxied, How.PROXY, named || (said && !only));
    }
    // Whoever was let in by a session that has ended since has no name here.
    String user = request.header("authorization").isEmpty() ? "" : request.who().user();
    String certificate = request.who().certificate();
    if (!user.isEmpty()) {
      return new Visitor(user, How.BASIC, mayChange(user, How.BASIC));
    }
    return certificate.isEmpty()
        ? new Visitor("", How.NONE, !access.hasUsers())
        : new Visitor(certificate, How.CERTIFICATE, mayChange(certificate, How.CERTIFICATE));
  }

  private boolean mayChange(String user, How how) {
    WebSettings now = settings;
    return now.operators().contains(user)
        || (how != How.PROXY && now.operators().isEmpty() && !now.viewers().contains(user));
  }

  /** The user that a proxy names; {@code ""} where none does that is believed. */
  private String proxied(HttpRequest request) {
    WebSettings now = settings;
    if (now.userHeader().isEmpty() || !now.believes(request.peer())) {
      return "";
    }
    String user = request.header(now.userHeader()).strip();
    boolean printable = user.chars().allMatch(c -> c >= ' ' && c != 127);
    return printable && user.length() <= MOST_NAME ? user : "";
  }

  private boolean cameByProxy(HttpRequest request) {
    return settings.believes(request.peer())
        && FORWARDED.stream().anyMatch(name -> !request.header(name).isEmpty());
  }

  /** A proxy's own where it may say so, else {@code ""}. */
  String forwarded(HttpRequest request, String header) {
    return settings.believes(request.peer()) ? request.header(header) : "";
  }

  /** Where it comes from, as far as a believed proxy says. */
  String address(HttpRequest request) {
    String[] hops = forwarded(request, "x-forwarded-for").split(",", -1);
    for (int i = hops.length - 1; i >= 0; i--) {
      String hop = hops[i].strip();
      if (!hop.isEmpty() && hop.length() <= MOST_NAME && !settings.believes(hop)) {
        return hop;
      }
    }
    return request.peer();
  }

  /** What a request that changes something has to bring in {@link #TOKEN}. */
  String token(HttpRequest request, Visitor visitor) {
    Session session = session(request, false);
    String of = session == null ? visitor.user() : session.key();
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(secret);
      byte[] made = mac.doFinal((visitor.how().word() + " " + of).getBytes(StandardCharsets.UTF_8));
      return Base64.getUrlEncoder().withoutPadding().encodeToString(made);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this Java has no HmacSHA256", e);
    }
  }

  boolean hasToken(HttpRequest request, Visitor visitor) {
    return MessageDigest.isEqual(
        token(request, visitor).getBytes(StandardCharsets.UTF_8),
        request.header(TOKEN).getBytes(StandardCharsets.UTF_8));
  }

  /** Begins a session in place of the one that the request may have; returns its id. */
  String begin(HttpRequest request, String user, String path) {
    end(request);
    return sessions.begin(user, access.credential(user), path);
  }

  /** Ends the session of a request; returns the path of its cookie, {@code "/"} for none. */
  String end(HttpRequest request) {
    Session session = session(request, false);
    if (session == null) {
      return "/";
    }
    sessions.end(session);
    return session.path();
  }

  /** Whether the request's session, if it has one, goes on. */
  boolean goesOn(HttpRequest request, Visitor visitor) {
    return visitor.how() != How.SESSION || session(request, false) != null;
  }

  /** Whoever lost their password, or their place in the file, is out at once. */
  private @Nullable Session session(HttpRequest request, boolean use) {
    for (String cookie : request.header("cookie").split(";", -1)) {
      int equals = cookie.indexOf('=');
      if (equals > 0 && cookie.substring(0, equals).strip().equals(COOKIE)) {
        Session session = sessions.find(cookie.substring(equals + 1).strip(), settings, use);
        if (session != null && access.credential(session.user()).equals(session.credential())) {
          return session;
        }
      }
    }
    return null;
  }
}
