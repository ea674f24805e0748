import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.zip.ZipFile;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/**
 * Lists the libraries that a program ships, with the texts of their licences.
 *
 * <p>{@code java -cp 'PROGRAM/target/dist/lib/*' ThirdParty.java BOM LIB LICENCES APACHE OUT}: the CycloneDX file (JSON is
 * YAML), the folder of jars, the texts that jars lack (ID.txt, or ID.ARTIFACT.txt where the text names its authors), Apache's, and
 * where to put THIRD-PARTY.txt and the part of Debian's copyright file. Ends with 1 where the bill and the jars differ or
 * a text is missing. Run by stage.sh.
 */
final class ThirdParty {
  /** Names that poms give instead of SPDX's. */
  private static final Map<String, String> SPDX =
      Map.of("Go License", "BSD-3-Clause", "GNU Lesser General Public License 2.1", "LGPL-2.1-only", "The Apache Software License, Version 2.0", "Apache-2.0");

  private record Library(String file, String group, String name, String version, Set<String> licences, String url) {}

  public static void main(String[] args) throws Exception {
    List<Library> libraries = new ArrayList<>();
    Set<String> unused = new TreeSet<>();
    Map<String, Map<?, ?>> components = new TreeMap<>();
    for (Object each : list(bill(Path.of(args[0])).get("components"))) {
      Map<?, ?> component = (Map<?, ?>) each;
      if (!"vigie".equals(component.get("group"))) {
        // The classifier, if any, ends the file's name; it is in the purl only.
        String purl = String.valueOf(component.get("purl"));
        int at = purl.indexOf("classifier=");
        String classifier = at < 0 ? "" : "-" + purl.substring(at + 11).replaceAll("&.*", "");
        String file = component.get("name") + "-" + component.get("version") + classifier + ".jar";
        components.put(file, component);
        unused.add(file);
      }
    }
    List<Path> jars;
    try (var files = Files.list(Path.of(args[1]))) {
      jars = files.filter(file -> file.toString().endsWith(".jar")).sorted(Comparator.comparing(Path::getFileName)).toList();
    }
    List<String> wrong = new ArrayList<>();
    Map<String, Set<String>> texts = new LinkedHashMap<>();
    for (Path jar : jars) {
      String file = jar.getFileName().toString();
      if (file.matches("(base|agent|collector)-.*")) {
        continue;
      }
      Map<?, ?> component = components.get(file);
      if (component == null) {
        wrong.add(file + " is shipped and not in " + args[0]);
        continue;
      }
      unused.remove(file);
      Library library = library(file, component);
      libraries.add(library);
      Set<String> found = texts(jar);
      if (found.isEmpty() || library.licences.stream().anyMatch(id -> id.startsWith("LGPL"))) {
        Set<String> standard = standard(library, Path.of(args[2]), Path.of(args[3]));
        if (standard.isEmpty()) {
          wrong.add("no text for " + library.licences + " of " + file + " in " + args[2]);
        }
        found.addAll(standard);
      }
      found.forEach(text -> texts.computeIfAbsent(text, t -> new TreeSet<>()).add(file));
    }
    unused.forEach(file -> wrong.add(file + " is in " + args[0] + " and not shipped"));
    if (!wrong.isEmpty()) {
      wrong.forEach(System.err::println);
      System.exit(1);
    }
    Path out = Files.createDirectories(Path.of(args[4]));
    Files.writeString(out.resolve("THIRD-PARTY.txt"), listing(libraries, texts));
    Files.writeString(out.resolve("copyright"), copyright(libraries));
  }

  private static Map<?, ?> bill(Path file) throws IOException {
    var settings = LoadSettings.builder().setCodePointLimit(64 << 20).build();
    return (Map<?, ?>) new Load(settings).loadFromString(Files.readString(file));
  }

  private static List<?> list(Object value) {
    return value instanceof List<?> list ? list : List.of();
  }

  private static Library library(String file, Map<?, ?> component) {
    Set<String> licences = new TreeSet<>();
    for (Object each : list(component.get("licenses"))) {
      Map<?, ?> choice = (Map<?, ?>) each;
      Map<?, ?> licence = choice.get("license") instanceof Map<?, ?> map ? map : Map.of("id", choice.get("expression"));
      String id = String.valueOf(licence.get("id") != null ? licence.get("id") : licence.get("name"));
      licences.add(SPDX.getOrDefault(id, id));
    }
    String url =
        list(component.get("externalReferences")).stream()
            .map(each -> (Map<?, ?>) each)
            .filter(each -> "website".equals(each.get("type")))
            .map(each -> String.valueOf(each.get("url")))
            .findFirst()
            .orElse("");
    return new Library(
        file, String.valueOf(component.get("group")), String.valueOf(component.get("name")), String.valueOf(component.get("version")), licences, url);
  }

  /** What a jar itself says: licences and notices at its usual places. */
  private static Set<String> texts(Path jar) throws IOException {
    Set<String> found = new TreeSet<>();
    try (ZipFile zip = new ZipFile(jar.toFile())) {
      for (var entry : zip.stream().toList()) {
        String name = entry.getName();
        if (name.matches("(?i)(META-INF/(maven/[^/]+/[^/]+/)?)?(licen[sc]e|notice)[^/]*") && !entry.isDirectory()) {
          found.add(new String(zip.getInputStream(entry).readAllBytes(), StandardCharsets.UTF_8).stripTrailing() + "\n");
        }
      }
    }
    return found;
  }

  /** Of several licences to choose from the first one is taken whose text is here. */
  private static Set<String> standard(Library library, Path folder, Path apache) throws IOException {
    for (String id : library.licences) {
      for (Path file : List.of(folder.resolve(id + "." + library.name + ".txt"), folder.resolve(id + ".txt"))) {
        if (Files.exists(file)) {
          return new HashSet<>(Set.of(Files.readString(file).stripTrailing() + "\n"));
        }
      }
      if (id.equals("Apache-2.0")) {
        return new HashSet<>(Set.of(Files.readString(apache).stripTrailing() + "\n"));
      }
    }
    return Set.of();
  }

  private static String listing(List<Library> libraries, Map<String, Set<String>> texts) {
    StringBuilder out = new StringBuilder("Libraries of others that come along, each under its own licence.\n\n");
    for (Library each : libraries) {
      out.append(each.file).append("\n    ").append(each.group).append(':').append(each.name).append(' ').append(each.version);
      out.append(", ").append(String.join(" or ", each.licences)).append(each.url.isEmpty() ? "" : "\n    " + each.url).append('\n');
    }
    texts.forEach(
        (text, files) -> out.append("\n").append("=".repeat(100)).append('\n').append(String.join("\n", files)).append("\n").append("-".repeat(100)).append("\n\n").append(text));
    return out.toString();
  }

  private static String copyright(List<Library> libraries) {
    Map<String, List<String>> byLicence =
        libraries.stream()
            .collect(Collectors.groupingBy(each -> String.join(" or ", each.licences), TreeMap::new, Collectors.mapping(Library::file, Collectors.toList())));
    StringBuilder out = new StringBuilder("Comment: libraries in lib/, with authors, notices and full texts in THIRD-PARTY.txt.gz beside this file.\n");
    byLicence.forEach((licence, files) -> out.append(" .\n ").append(licence).append(":\n").append(files.stream().map(file -> "  " + file + "\n").collect(Collectors.joining())));
    return out.toString();
  }
}
