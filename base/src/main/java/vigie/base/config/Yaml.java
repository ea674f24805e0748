package vigie.base.config;

import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.Dump;
import org.snakeyaml.engine.v2.api.DumpSettings;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.common.FlowStyle;
import org.snakeyaml.engine.v2.common.ScalarStyle;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.ScalarNode;

/** Reads YAML 1.2 files whose top is a mapping. Files over 4 MiB are refused. */
public final class Yaml {
  private static final long MOST_BYTES = 4L << 20;
  private static final Pattern TOO_LARGE = Pattern.compile("\\\\U[89a-fA-F]\\p{XDigit}{7}");

  private Yaml() {}

  /**
   * The top section of {@code file}. Scalars that the file lacks are looked up in the environment,
   * see {@link Section}.
   *
   * @throws ConfigException if the file cannot be read or is no YAML mapping
   */
  public static Section load(Path file, Map<String, String> environment, Faults faults) {
    return parse(file, read(file), environment, faults);
  }

  /**
   * The same from text; {@code file} is for messages and for relative paths. An empty text is an
   * empty section.
   */
  public static Section parse(
      Path file, String text, Map<String, String> environment, Faults faults) {
    Source source = new Source(file, text, environment, faults);
    Position top = new Position(file.toString(), 1, 1);
    Node node = compose(file, text);
    if (node == null) {
      return Section.empty(source, "", top);
    }
    if (!(node instanceof MappingNode mapping)) {
      throw new ConfigException(
          top + ": expected keys and values (key: value) at the top of the file");
    }
    return new Section(source, "", mapping);
  }

  /**
   * The value at the top of {@code file}, which may be a list, as in file_sd (JSON is YAML); null
   * for an empty file.
   *
   * @throws ConfigException if the file cannot be read or is no YAML
   */
  public static @Nullable Value loadValue(Path file, Faults faults) {
    return parseValue(file, read(file), faults);
  }

  /** The same from text; {@code file} is for messages. */
  public static @Nullable Value parseValue(Path file, String text, Faults faults) {
    Node node = compose(file, text);
    return node == null ? null : new Value(new Source(file, text, Map.of(), faults), "", node);
  }

  /** Maps, lists, texts, numbers and booleans as block YAML. */
  public static String write(Object value) {
    DumpSettings settings =
        DumpSettings.builder().setDefaultFlowStyle(FlowStyle.BLOCK).setWidth(120).build();
    return new Dump(settings).dumpToString(value);
  }

  private static @Nullable Node compose(Path file, String text) {
    Position top = new Position(file.toString(), 1, 1);
    try {
      LoadSettings settings =
          LoadSettings.builder().setLabel(file.toString()).setMaxAliasesForCollections(50).build();
      return new Compose(settings).composeString(text).orElse(null);
    } catch (MarkedYamlEngineException e) {
      Position at =
          e.getProblemMark()
              .map(m -> new Position(file.toString(), m.getLine() + 1, m.getColumn() + 1))
              .orElse(top);
      throw new ConfigException(at + ": not YAML: " + e.getProblem());
    } catch (YamlEngineException e) {
      throw new ConfigException(top + ": not YAML: " + e.getMessage());
    } catch (NumberFormatException e) {
      throw new ConfigException(
          badEscape(file, text) + ": not YAML: an escape that is no character");
    }
  }

  /** The library does not say where: a number that is too large, or the one that the end cuts. */
  private static Position badEscape(Path file, String text) {
    Matcher large = TOO_LARGE.matcher(text);
    int at = large.find() ? large.start() : text.lastIndexOf('\\');
    int line = (int) text.substring(0, at + 1).lines().count();
    return new Position(file.toString(), line, at - text.lastIndexOf('\n', at));
  }

  private static String read(Path file) {
    try {
      if (Files.isDirectory(file)) {
        throw new ConfigException(file + ": is a directory; expected a YAML file");
      }
      if (Files.size(file) > MOST_BYTES) {
        throw new ConfigException(file + ": larger than 4 MiB; this cannot be a configuration");
      }
      return Files.readString(file);
    } catch (NoSuchFileException e) {
      throw new ConfigException(file + ": no such file");
    } catch (MalformedInputException e) {
      throw new ConfigException(file + ": not UTF-8");
    } catch (IOException e) {
      throw new ConfigException(file + ": cannot be read: " + e.getMessage());
    }
  }

  /** What all sections of one file share. */
  record Source(Path file, String text, Map<String, String> environment, Faults faults) {
    Position position(Node node) {
      return node.getStartMark()
          .map(m -> new Position(file.toString(), m.getLine() + 1, m.getColumn() + 1))
          .orElse(new Position(file.toString(), 1, 1));
    }

    /**
     * The place in the file of the value's character at {@code offset}. Folding and indentation
     * change only blanks, so that the others are counted.
     */
    Position place(int startLine, int startColumn, ScalarNode scalar, int offset) {
      int at = 0;
      for (int i = 0; i < startLine; i++) {
        at = text.indexOf('\n', at) + 1;
      }
      at += startColumn;
      ScalarStyle style = scalar.getScalarStyle();
      if (style == ScalarStyle.LITERAL || style == ScalarStyle.FOLDED) {
        at = text.indexOf('\n', at) + 1;
      } else if (style != ScalarStyle.PLAIN) {
        at++;
      }
      int before = solid(scalar.getValue().substring(0, offset));
      while (before > 0 && at < text.length()) {
        char c = text.charAt(at);
        boolean pair =
            (style == ScalarStyle.DOUBLE_QUOTED && c == '\\')
                || (style == ScalarStyle.SINGLE_QUOTED && c == '\'');
        boolean blankPair =
            pair && at + 1 < text.length() && "nrt \n".indexOf(text.charAt(at + 1)) >= 0;
        before -= Character.isWhitespace(c) || (c == '\\' && blankPair) ? 0 : 1;
        at += pair ? 2 : 1;
      }
      if (solid(scalar.getValue().substring(offset)) > 0) {
        while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
          at++;
        }
      }
      at = Math.min(at, text.length());
      int line = 1 + (int) text.substring(0, at).chars().filter(c -> c == '\n').count();
      return new Position(file.toString(), line, at - text.lastIndexOf('\n', at - 1));
    }

    private static int solid(String part) {
      return (int) part.chars().filter(c -> !Character.isWhitespace(c)).count();
    }
  }
}
