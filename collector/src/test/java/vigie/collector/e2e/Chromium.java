package vigie.collector.e2e;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.logging.Level;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.openqa.selenium.By;
import org.openqa.selenium.Cookie;
import org.openqa.selenium.JavascriptException;
import org.openqa.selenium.Keys;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.StaleElementReferenceException;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.interactions.Actions;
import org.openqa.selenium.logging.LogEntry;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;

/**
 * Debian's Chromium without a screen, with a profile of its own. What the page does wrong
 * (violations of its Content-Security-Policy, uncaught errors) is kept until {@link #faults}.
 */
final class Chromium implements AutoCloseable {
  static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final int MOST_TABS = 40;
  private static final int PHONE = 390;
  private static final int DESK = 1280;
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Runs in each page before its own scripts. */
  private static final String WATCH =
      """
      window.seen = {faults: [], long: []};
      addEventListener('securitypolicyviolation', e => seen.faults.push('CSP ' + e.violatedDirective + ' ' + e.blockedURI));
      addEventListener('error', e => seen.faults.push('error ' + e.message));
      addEventListener('unhandledrejection', e => seen.faults.push('rejected ' + e.reason));
      new PerformanceObserver(l => l.getEntries().forEach(e => seen.long.push(e.duration))).observe({type: 'longtask'});
      """;

  private final ChromeDriver driver;
  private final String axe;

  Chromium(Path profile) throws IOException {
    ChromeOptions options = new ChromeOptions();
    options.setBinary(found("chromium", "chromium"));
    options.addArguments(
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
        "--lang=en",
        "--user-data-dir=" + profile);
    LoggingPreferences logs = new LoggingPreferences();
    logs.enable(LogType.BROWSER, Level.ALL);
    options.setCapability("goog:loggingPrefs", logs);
    driver =
        new ChromeDriver(
            new ChromeDriverService.Builder()
                .usingDriverExecutable(new File(found("chromedriver", "chromium-driver")))
                .usingAnyFreePort()
                .build(),
            options);
    driver.executeCdpCommand("Page.addScriptToEvaluateOnNewDocument", Map.of("source", WATCH));
    try (InputStream in = Chromium.class.getResourceAsStream("/axe/axe.min.js")) {
      axe = new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static String found(String program, String debianPackage) {
    Path bin = Path.of("/usr/bin", program);
    if (!Files.isExecutable(bin)) {
      throw new AssertionError(bin + " is missing; as root: apt-get install " + debianPackage);
    }
    return bin.toString();
  }

  void phone() {
    screen(PHONE, 844, true);
  }

  void desk() {
    screen(DESK, 800, false);
  }

  private void screen(int width, int height, boolean phone) {
    driver.executeCdpCommand(
        "Emulation.setDeviceMetricsOverride",
        Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", phone));
  }

  void dark(boolean dark) {
    Map<String, String> scheme =
        Map.of("name", "prefers-color-scheme", "value", dark ? "dark" : "light");
    driver.executeCdpCommand("Emulation.setEmulatedMedia", Map.of("features", List.of(scheme)));
  }

  /** The reader's language, as the browser asks for it. */
  void language(String tag) {
    String agent = String.valueOf(run("return navigator.userAgent"));
    driver.executeCdpCommand(
        "Emulation.setUserAgentOverride", Map.of("userAgent", agent, "acceptLanguage", tag));
  }

  /** Loads the page anew at an address such as {@code #/nodes}. */
  void open(String url) {
    driver.get("about:blank");
    driver.get(url);
  }

  Object run(String script, Object... arguments) {
    return driver.executeScript(script, arguments);
  }

  /** What a script hands to its last argument. */
  Object answer(String script, Object... arguments) {
    return driver.executeAsyncScript(script, arguments);
  }

  /** What the page shows, as a reader sees it. */
  String text() {
    return String.valueOf(run("return document.body ? document.body.innerText : ''"));
  }

  void awaitText(String text) {
    await("the page to say \"" + text + "\"", () -> text().contains(text));
  }

  void awaitNoText(String text) {
    await("the page to say no more \"" + text + "\"", () -> !text().contains(text));
  }

  void await(String what, Callable<Boolean> condition) {
    try {
      Awaitility.await()
          .atMost(PATIENCE)
          .pollInterval(Duration.ofMillis(100))
          .ignoreException(JavascriptException.class)
          .until(condition);
    } catch (org.awaitility.core.ConditionTimeoutException e) {
      throw new AssertionError("waited for " + what + "; the page says:\n" + text(), e);
    }
  }

  /**
   * Clicks the first that is there and seen; what the page has just redrawn is looked for again.
   */
  void click(String css) {
    await(
        css + " to be clicked",
        () -> {
          try {
            for (WebElement element : driver.findElements(By.cssSelector(css))) {
              if (element.isDisplayed() && element.isEnabled()) {
                run("arguments[0].scrollIntoView({block: 'center'})", element);
                element.click();
                return true;
              }
            }
            return false;
          } catch (StaleElementReferenceException redrawn) {
            return false;
          }
        });
  }

  void type(String css, String text) {
    await(css + " to be there", () -> !driver.findElements(By.cssSelector(css)).isEmpty());
    WebElement field = driver.findElement(By.cssSelector(css));
    field.clear();
    field.sendKeys(text);
  }

  /** Presses keys wherever the focus is. */
  void keys(CharSequence... keys) {
    new Actions(driver).sendKeys(keys).perform();
  }

  /** Presses Tab until the focus is on what bears this text. */
  void tabTo(String text) {
    for (int i = 0; i < MOST_TABS; i++) {
      keys(Keys.TAB);
      if (text.equals(run("return document.activeElement.textContent"))) {
        return;
      }
    }
    throw new AssertionError("Tab does not come to " + text + "; the page says:\n" + text());
  }

  /** What a mouse can use in the view that is shown, and Tab does not come to. */
  List<?> beyondTab() {
    run(
        "document.activeElement.blur(); window.reached = new Set();"
            + " addEventListener('focusin', e => window.reached.add(e.target))");
    String seen =
        "[...document.querySelectorAll('a[href], button, input, select, textarea, summary')]"
            + ".filter(e => !e.disabled && e.tabIndex >= 0 && e.checkVisibility())";
    long count = (Long) run("return " + seen + ".length");
    keys(Keys.TAB.toString().repeat((int) count + MOST_TABS / 4));
    return (List<?>)
        run("return " + seen + ".filter(e => !window.reached.has(e)).map(e => e.outerHTML)");
  }

  /**
   * Looks at a view on both sizes and in both schemes, leaves a picture of each in target/screens,
   * and gives what is in somebody's way. With {@code -Dscreens.update=1} docs/screens gets the
   * light phone and the dark desk.
   */
  List<String> look(String name, boolean docs, Callable<Boolean> drawn) throws IOException {
    List<String> barriers = new ArrayList<>();
    for (boolean phone : List.of(true, false)) {
      for (boolean dark : List.of(false, true)) {
        if (phone) {
          phone();
        } else {
          desk();
        }
        dark(dark);
        String picture = name + (phone ? "-phone" : "-desk") + (dark ? "-dark" : "");
        await(picture + " to be drawn", drawn);
        barriers().forEach(barrier -> barriers.add(picture + ": " + barrier));
        // The window of a phone grows with what is too wide for it.
        long wide = (Long) run("return document.documentElement.scrollWidth");
        if (wide > (phone ? PHONE : DESK)) {
          barriers.add(picture + " is wider than the screen");
        }
        Path file = Program.ROOT.resolve("collector/target/screens/" + picture + ".png");
        screenshot(file);
        if (docs && phone != dark && System.getProperty("screens.update") != null) {
          Path kept = Program.ROOT.resolve("docs/screens/" + picture + ".png");
          Files.copy(file, kept, StandardCopyOption.REPLACE_EXISTING);
        }
      }
    }
    phone();
    dark(false);
    return barriers;
  }

  boolean has(String css) {
    return !driver.findElements(By.cssSelector(css)).isEmpty();
  }

  /** What axe-core calls serious or critical in what is shown now. */
  List<String> barriers() throws IOException {
    run(axe);
    Object found =
        driver.executeAsyncScript(
            """
            const done = arguments[0];
            axe.run({resultTypes: ['violations']}).then(
              r => done(JSON.stringify(r.violations)), e => done(JSON.stringify([{impact: 'critical', id: String(e), nodes: []}])));
            """);
    List<String> barriers = new ArrayList<>();
    for (JsonNode violation : JSON.readTree(String.valueOf(found))) {
      if (List.of("serious", "critical").contains(violation.path("impact").asText())) {
        JsonNode node = violation.path("nodes").path(0);
        barriers.add(
            violation.path("id").asText()
                + ": "
                + node.path("html").asText()
                + " "
                + node.path("failureSummary").asText());
      }
    }
    return barriers;
  }

  /**
   * What went wrong in the page that is shown now. An answer that is an error is none: some are
   * asked for.
   */
  List<String> faults() {
    List<String> faults = new ArrayList<>();
    Object seen = run("return window.seen ? seen.faults : []");
    ((List<?>) seen).forEach(fault -> faults.add(String.valueOf(fault)));
    for (LogEntry entry : driver.manage().logs().get(LogType.BROWSER)) {
      boolean answer = entry.getMessage().contains("Failed to load resource");
      if (entry.getLevel().intValue() >= Level.WARNING.intValue() && !answer) {
        faults.add(entry.getMessage());
      }
    }
    return faults;
  }

  void forgetCookies() {
    driver.executeCdpCommand("Network.clearBrowserCookies", Map.of());
  }

  /** {@code null} where there is no such cookie for the page that is shown. */
  @Nullable String cookiePath(String name) {
    Cookie cookie = driver.manage().getCookieNamed(name);
    return cookie == null ? null : cookie.getPath();
  }

  void screenshot(Path file) throws IOException {
    Files.createDirectories(file.getParent());
    Files.write(file, driver.getScreenshotAs(OutputType.BYTES));
  }

  @Override
  public void close() {
    driver.quit();
  }
}
