package vigie.base.docs;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A page of our documents: its fenced blocks, the command lines in them, its links and anchors. */
public record DocPage(Path file, List<String> lines) {
  public static final Path ROOT =
      Path.of(System.getProperty("vigie.root", "..")).toAbsolutePath().normalize();

  private static final Pattern LINK =
      Pattern.compile("\\]\\(([^)\\s]+)\\)|(?:src|href)=\"([^\"]+)\"");

  /** What may stand before the program. */
  private static final Pattern PREFIX =
      Pattern.compile("[A-Z_]+=.*|sudo|runuser|-u|--|vigie-\\w+|time");

  private static final Pattern INLINE = Pattern.compile("`([^`]+)`");

  /** A fenced block. */
  public record Block(String where, String language, String text) {}

  /** The words of one command. */
  public record Command(String where, List<String> words) {}

  /** Every page of the repository but those under target and among fixtures. */
  public static List<DocPage> all() {
    try (Stream<Path> files = Files.walk(ROOT)) {
      return files
          .filter(file -> file.toString().endsWith(".md") && Files.isRegularFile(file))
          .filter(
              file ->
                  !("/" + ROOT.relativize(file)).matches(".*/(target|node_modules|\\.[^/]+)/.*"))
          .sorted()
          .map(DocPage::read)
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public static DocPage read(Path file) {
    try {
      return new DocPage(file, Files.readAllLines(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private String where(int line) {
    return ROOT.relativize(file.toAbsolutePath().normalize()) + ":" + (line + 1);
  }

  public List<Block> blocks() {
    List<Block> blocks = new ArrayList<>();
    for (int i = 0; i < lines.size(); i++) {
      String fence = lines.get(i).strip();
      if (fence.startsWith("```")) {
        int from = i++;
        StringBuilder text = new StringBuilder();
        int indent = lines.get(from).indexOf("```");
        while (i < lines.size() && !lines.get(i).strip().equals("```")) {
          String line = lines.get(i++);
          text.append(line.isBlank() ? "" : line.substring(Math.min(indent, line.length())));
          text.append('\n');
        }
        blocks.add(new Block(where(from), fence.substring(3).strip(), text.toString()));
      }
    }
    return blocks;
  }

  /** The lines that are not in a fenced block; those that are come as empty ones. */
  private List<String> prose() {
    List<String> prose = new ArrayList<>();
    boolean fenced = false;
    for (String line : lines) {
      boolean fence = line.strip().startsWith("```");
      prose.add(fenced || fence ? "" : line);
      fenced ^= fence;
    }
    return prose;
  }

  /** What the page links to. */
  public List<String> links() {
    List<String> links = new ArrayList<>();
    for (String line : prose()) {
      Matcher link = LINK.matcher(INLINE.matcher(line).replaceAll(""));
      while (link.find()) {
        links.add(link.group(1) != null ? link.group(1) : link.group(2));
      }
    }
    return links;
  }

  /** The anchors of its headings, as GitHub makes them. */
  public List<String> anchors() {
    List<String> anchors = new ArrayList<>();
    for (String line : prose()) {
      if (line.matches("#{1,6} .*")) {
        String text = line.replaceFirst("#+ +", "").toLowerCase(java.util.Locale.ROOT);
        String anchor = text.replaceAll("[^\\p{L}\\p{N} _-]", "").strip().replace(' ', '-');
        int same = 0;
        while (anchors.contains(anchor + (same == 0 ? "" : "-" + same))) {
          same++;
        }
        anchors.add(anchor + (same == 0 ? "" : "-" + same));
      }
    }
    return anchors;
  }

  /**
   * The lines of fenced blocks that run a program; in a block with prompts only those behind one.
   */
  public List<Command> commands(String program) {
    List<Command> commands = new ArrayList<>();
    for (Block block : blocks()) {
      if (block.language().isEmpty() || block.language().matches("sh|bash|console|text")) {
        boolean prompts = block.text().lines().anyMatch(line -> line.startsWith("$ "));
        String whole = block.text().replaceAll("\\\\\n\\s*", " ");
        for (String line : whole.lines().toList()) {
          if (prompts && !line.startsWith("$ ")) {
            continue;
          }
          for (List<String> words : Shell.commands(prompts ? line.substring(2) : line)) {
            runs(program, words, block.where(), commands);
          }
        }
      }
    }
    return commands;
  }

  /** What the text between fences names in backquotes, such as {@code `agent check`}. */
  public List<Command> named(String program) {
    List<Command> commands = new ArrayList<>();
    List<String> prose = prose();
    for (int i = 0; i < prose.size(); i++) {
      Matcher inline = INLINE.matcher(prose.get(i));
      while (inline.find()) {
        if (inline.group(1).startsWith(program + " ")) {
          Shell.commands(inline.group(1)).stream()
              .limit(1)
              .forEach(words -> commands.add(new Command("", words.subList(1, words.size()))));
        }
      }
    }
    return commands;
  }

  private static void runs(
      String program, List<String> words, String where, List<Command> commands) {
    int first = 0;
    while (first < words.size() && PREFIX.matcher(words.get(first)).matches()) {
      first++;
    }
    List<String> rest = words.subList(Math.min(first + 1, words.size()), words.size());
    boolean ours = first < words.size() && words.get(first).matches("(.*/)?" + program);
    // A picture may name the program, too.
    if (ours && (rest.isEmpty() || rest.get(0).matches("-*[a-z]+"))) {
      commands.add(new Command(where, rest));
    }
  }
}
