package vigie.collector.web;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.base.http.HttpAnswer;
import vigie.base.http.HttpFault;
import vigie.base.http.HttpRequest;
import vigie.base.http.Routes;
import vigie.base.http.WebAccess;
import vigie.base.http.WebAccess.Verdict;
import vigie.collector.api.Json;

/** The page's files, who somebody is, signing in and out, and news; docs/page.md. */
public final class PageApi {
  private static final Logger log = LoggerFactory.getLogger(PageApi.class);
  private static final String ME = "/api/vigie/me";
  private static final String SESSION = "/api/vigie/session";
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int MOST_BODY = 4096;
  private static final int MOST_PATH = 200;

  private final PageFiles files;
  private final SignIns signIns;
  private final WebAccess access;
  private final NewsFeed news;
  private final String version;

  public PageApi(
      PageFiles files, SignIns signIns, WebAccess access, NewsFeed news, String version) {
    this.files = files;
    this.signIns = signIns;
    this.access = access;
    this.news = news;
    this.version = version;
  }

  /** What anybody may ask for without a sign-in: it holds no data. */
  public static boolean isOpen(PageFiles files, HttpRequest request) {
    String path = request.path();
    return switch (request.method()) {
      case "GET", "HEAD" ->
          path.equals(ME)
              || path.equals("/graph")
              || path.equals("/silence")
              || path.startsWith("/runbooks")
              || files.has(path);
      case "POST", "DELETE" -> path.equals(SESSION);
      default -> false;
    };
  }

  /** Adds its routes. */
  public void routes(Routes routes) {
    routes.get(ME, this::me);
    routes.postLater(SESSION, this::signIn);
    routes.on("DELETE", SESSION, this::signOut);
    routes.get("/api/vigie/stream", request -> news.stream(version));
    routes.get("/graph", request -> to("explore", request));
    routes.get("/silence", request -> to("silence", request));
    routes.otherwise(files::answer);
  }

  /** A route of the page; the address is relative, for who comes by a sub-path. */
  private static HttpAnswer to(String view, HttpRequest request) {
    String query = request.rawQuery().isEmpty() ? "" : "?" + request.rawQuery();
    return HttpAnswer.text(302, "").with("location", "./#/" + view + query);
  }

  private HttpAnswer me(HttpRequest request) {
    Visitor visitor = signIns.visitor(request);
    if (signIns.refusal(request, visitor) != null) {
      return access.hasUsers()
          ? SignIns.signInFirst("session", "sign in first")
          : SignIns.signInFirst("proxy", "the proxy did not say who you are");
    }
    return Json.answer(
            200,
            json -> {
              json.writeStartObject();
              json.writeStringField("user", visitor.user());
              json.writeStringField("role", visitor.role());
              json.writeStringField("signIn", visitor.how().word());
              json.writeStringField("csrf", signIns.token(request, visitor));
              json.writeStringField("version", version);
              json.writeEndObject();
            })
        .with("cache-control", "no-store");
  }

  private CompletionStage<HttpAnswer> signIn(HttpRequest request) {
    if (!request.header("content-type").startsWith("application/json")) {
      throw new HttpFault(415, "send JSON, with the header Content-Type: application/json");
    }
    if (!access.hasUsers()) {
      throw new HttpFault(
          409, "nobody signs in here: web_config_file names no basic_auth_users; see docs/page.md");
    }
    JsonNode body = body(request);
    String user = body.path("user").asText();
    String path = path(body.path("base").asText("/"));
    byte[] password = body.path("password").asText().getBytes(StandardCharsets.UTF_8);
    String address = signIns.address(request);
    CompletableFuture<HttpAnswer> answer = new CompletableFuture<>();
    access.check(
        user,
        password,
        address,
        verdict -> answer.complete(checked(verdict, request, user, address, path)));
    return answer;
  }

  private HttpAnswer checked(
      Verdict verdict, HttpRequest request, String user, String address, String path) {
    if (verdict == Verdict.WRONG) {
      return SignIns.signInFirst("session", "wrong name or password");
    }
    if (verdict != Verdict.RIGHT) {
      return WebAccess.notNow(verdict, address);
    }
    String id = signIns.begin(request, user, path);
    log.info("signed in user=\"{}\" address={}", user, address);
    return HttpAnswer.text(204, "").with("set-cookie", cookie(request, id, path));
  }

  private HttpAnswer signOut(HttpRequest request) {
    String path = signIns.end(request);
    return HttpAnswer.text(204, "").with("set-cookie", cookie(request, "", path) + "; Max-Age=0");
  }

  /** Strict: a link from elsewhere opens the page itself, which then asks with the cookie. */
  private String cookie(HttpRequest request, String id, String path) {
    boolean secure =
        request.isSecure() || signIns.forwarded(request, "x-forwarded-proto").equals("https");
    return SignIns.COOKIE
        + "="
        + id
        + "; Path="
        + path
        + "; HttpOnly; SameSite=Strict"
        + (secure ? "; Secure" : "");
  }

  private static String path(String wanted) {
    boolean plain =
        wanted.startsWith("/")
            && wanted.length() <= MOST_PATH
            && wanted
                .chars()
                .allMatch(
                    c -> c < 128 && (Character.isLetterOrDigit(c) || "/._~-%".indexOf(c) >= 0));
    if (!plain) {
      throw new HttpFault(400, "\"base\" must be the path of the page's folder, such as /vigie/");
    }
    return wanted;
  }

  private static JsonNode body(HttpRequest request) {
    if (request.body().length > MOST_BODY) {
      throw new HttpFault(413, "a name and a password have at most " + MOST_BODY + " bytes");
    }
    try {
      JsonNode body = JSON.readTree(request.body());
      if (body.path("user").isTextual() && body.path("password").isTextual()) {
        return body;
      }
    } catch (IOException noJson) {
      // Said below: what it quotes may be the password.
    }
    throw new HttpFault(400, "send {\"user\": NAME, \"password\": PASSWORD}");
  }
}
