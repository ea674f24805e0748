package vigie.collector.card;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.base.config.Faults;
import vigie.base.config.Nearest;
import vigie.base.config.Position;
import vigie.base.config.Section;
import vigie.collector.dispatch.Notification;
import vigie.collector.template.Query;
import vigie.collector.template.Template;
import vigie.collector.template.TemplateException;

/**
 * The words of cards in one language: the templates that ship, and those of the user's files that
 * take their places by name. Immutable, safe for all threads.
 *
 * <p>{@code language} of the configuration is its own.
 */
public final class Texts {
  /** English as it ships, without addresses. */
  public static final Texts ENGLISH = new Texts("en", Map.of(), "");

  private static final Logger log = LoggerFactory.getLogger(Texts.class);
  private static final List<String> LANGUAGES = List.of("en", "fr");
  private static final int LARGEST_FILE = 200 * 1024;

  private final String language;
  private final String externalUrl;
  private final Template shipped;

  /** Those of the user, by name, each with the shipped ones below it. */
  private final Map<String, Template> own;

  private Texts(String language, Map<String, Template> own, String externalUrl) {
    this.language = language;
    this.externalUrl = externalUrl;
    this.shipped = shipped(language);
    this.own = own;
  }

  /** In a language that ships, without templates of one's own. */
  public static Texts in(String language, String externalUrl) {
    return new Texts(language, Map.of(), externalUrl);
  }

  /**
   * Reads {@code language} of the top section, and the files; what is wrong is a fault.
   *
   * @param files that {@code templates} names
   * @param externalUrl where people reach the collector, {@code ""} for nowhere
   */
  public static Texts read(Section top, List<Path> files, String externalUrl) {
    String language = top.string("language", "en");
    if (!LANGUAGES.contains(language)) {
      top.fault(
          "language",
          "language \"" + language + "\" is not known; there are " + String.join(", ", LANGUAGES));
      language = "en";
    }
    Template shipped = shipped(language);
    Map<String, Template> own = new LinkedHashMap<>();
    files.forEach(file -> own.putAll(read(file, shipped, top.faults())));
    return new Texts(language, own, externalUrl);
  }

  private static Map<String, Template> read(Path file, Template shipped, Faults faults) {
    Position at = new Position(file.toString(), 1, 1);
    String text;
    try {
      if (Files.size(file) > LARGEST_FILE) {
        faults.add(at, "larger than " + LARGEST_FILE + " bytes");
        return Map.of();
      }
      text = Files.readString(file);
    } catch (IOException e) {
      faults.add(at, "cannot be read: " + e.getMessage());
      return Map.of();
    }
    Map<String, Template> own = new LinkedHashMap<>();
    try {
      Template template = Template.parse(text).over(shipped);
      for (String name : Template.parse(text).names()) {
        if (shipped.names().contains(name)) {
          own.put(name, template);
        } else if (name.startsWith("card.")) {
          String nearest = Nearest.of(name, shipped.names());
          faults.warn(
              at,
              "defines \""
                  + name
                  + "\", which no card uses"
                  + (nearest == null ? "" : "; did you mean \"" + nearest + "\"?"));
        }
      }
      if (own.isEmpty()) {
        faults.warn(at, "defines none of " + String.join(", ", shipped.names()));
      }
    } catch (TemplateException e) {
      Position place = new Position(file.toString(), e.line(), e.column());
      if (text.contains("\"card.")) {
        faults.add(place, String.valueOf(e.getMessage()));
      } else {
        // Of another program, such as the messages of an Alertmanager that is replaced.
        faults.warn(place, e.getMessage() + "; no card uses it");
      }
    }
    return own;
  }

  private static Template shipped(String language) {
    try (InputStream in = Texts.class.getResourceAsStream(language + ".tmpl")) {
      if (in == null) {
        throw new IllegalStateException("BUG: no texts in " + language);
      }
      return Template.parse(new String(in.readAllBytes(), UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read the texts in " + language, e);
    }
  }

  /** {@code en} or {@code fr}. */
  public String language() {
    return language;
  }

  /** The names of the templates that ship. */
  Set<String> names() {
    return shipped.names();
  }

  /** What templates know of a notification, for several of them. */
  public Words of(Notification wanted, CardContext context, Style style) {
    char point = language.equals("fr") ? ',' : '.';
    return new Words(
        CardData.of(wanted, context, style, new CardData.Locales(externalUrl, point)), style);
  }

  /**
   * A fixed word or sentence without data, such as {@code card.word.graph}.
   *
   * @throws IllegalStateException if none of that name ships
   */
  public String word(String name) {
    return expand(name, Map.of(), new StringBuilder(), null).strip();
  }

  private String expand(
      String name, Map<String, ?> data, StringBuilder faults, @Nullable Style style) {
    Template mine = own.get(name);
    if (mine != null) {
      try {
        return mine.expand(name, data, Query.NONE, externalUrl);
      } catch (TemplateException e) {
        String fault = name + " " + e.line() + ":" + e.column() + ": " + e.getMessage();
        log.warn("a card's template fails, the shipped one is taken name={} cause={}", name, fault);
        if (faults.isEmpty()) {
          faults.append(style == null ? fault : style.text(fault, 200));
        }
      }
    }
    try {
      return shipped.expand(name, data, Query.NONE, externalUrl);
    } catch (TemplateException e) {
      throw new IllegalStateException("BUG: shipped template " + name + ": " + e.getMessage(), e);
    }
  }

  /** The words for one notification in one style. For one thread. */
  public final class Words {
    private final Map<String, Object> data;
    private final Style style;
    private final StringBuilder faults = new StringBuilder();

    private Words(Map<String, Object> data, Style style) {
      this.data = data;
      this.style = style;
    }

    /**
     * The text of the template of that name, without blanks around it. Whatever fails in one of the
     * user's is kept for {@link #fault}, and the shipped one is taken.
     */
    public String text(String name) {
      return expand(name, data, faults, style).strip();
    }

    /** Sets a field beside those of the notification, such as what a card replaces. */
    public Words with(String field, Object value) {
      data.put(field, value);
      return this;
    }

    /** Why a template of the user's was not followed, {@code ""} if all were. */
    public String fault() {
      return faults.toString();
    }
  }
}
