package vigie.base;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.function.Supplier;
import org.jspecify.annotations.NullMarked;

/**
 * Which package may import which, as a table that reads like the one in the documentation. A row
 * covers the subpackages that have no row of their own; {@code base} is open to all other modules,
 * and so is an {@link #open} row. Serves the {@code ImportRulesTest} of each module.
 */
public final class ImportRules {
  private static final String BASE = "vigie.base";
  private final String root;
  private final JavaClasses classes;
  private final Map<String, Set<String>> rows = new LinkedHashMap<>();
  private final Set<String> open = new TreeSet<>();
  private final Map<String, Set<String>> libraries = new LinkedHashMap<>();

  /** The compiled main classes under a root package such as {@code vigie.agent}. */
  public ImportRules(String root) {
    this.root = root;
    this.classes =
        new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages(root);
  }

  /** Package {@code name} (below the root) may import {@code imports}, separated by blanks. */
  public ImportRules row(String name, String imports) {
    rows.put(name, words(imports));
    return this;
  }

  /** As {@link #row}, and every row may import it. */
  public ImportRules open(String name, String imports) {
    open.add(name);
    return row(name, imports);
  }

  /**
   * A library, by its package's prefix, is imported in these rows only; {@code root} is the root.
   */
  public ImportRules library(String prefix, String users) {
    libraries.put(prefix, words(users));
    return this;
  }

  /** What breaks the table, a line each; empty when all is well. */
  public List<String> violations() {
    Set<String> found = new TreeSet<>();
    for (JavaClass type : classes) {
      String row = rowOf(type.getPackageName());
      if (row == null) {
        found.add("package " + type.getPackageName() + " has no row in ImportRulesTest");
        continue;
      }
      for (Dependency use : type.getDirectDependenciesFromSelf()) {
        String to = use.getTargetClass().getPackageName();
        if (!mayImport(row, to)) {
          found.add(type.getName() + " imports " + use.getTargetClass().getName());
        }
      }
    }
    return new ArrayList<>(found);
  }

  /** Packages without {@code @NullMarked}. */
  public List<String> unmarkedPackages() {
    Set<String> found = new TreeSet<>();
    for (JavaClass type : classes) {
      if (!type.getPackage().isAnnotatedWith(NullMarked.class)) {
        found.add(type.getPackageName());
      }
    }
    return new ArrayList<>(found);
  }

  /** Fails where time is read or a thread made outside the packages that own that. */
  public void checkTimeAndThreads() {
    noClasses()
        .that()
        .resideOutsideOfPackage("vigie.base.time")
        .should()
        .callMethod(Instant.class, "now")
        .orShould()
        .callMethod(System.class, "currentTimeMillis")
        .orShould()
        .callMethod(System.class, "nanoTime")
        .because("time comes from vigie.base.time.Clock, so that tests own it")
        .allowEmptyShould(true)
        .check(classes);
    noClasses()
        .should()
        .callMethod(Thread.class, "sleep", long.class)
        .orShould()
        .callMethod(CompletableFuture.class, "supplyAsync", Supplier.class)
        .orShould()
        .callMethod(CompletableFuture.class, "runAsync", Runnable.class)
        .because("waiting is the Scheduler's, and nothing runs in the common pool")
        .allowEmptyShould(true)
        .check(classes);
    noClasses()
        .that()
        .resideOutsideOfPackages("vigie.base.net", "vigie.agent", "vigie.collector")
        .should()
        .callConstructor(Thread.class)
        .orShould()
        .callConstructor(Thread.class, String.class)
        .orShould()
        .callConstructor(Thread.class, Runnable.class)
        .orShould()
        .callConstructor(Thread.class, Runnable.class, String.class)
        .orShould()
        .dependOnClassesThat()
        .areAssignableTo(Executors.class)
        .because("threads are made in the root packages and base.net, and handed in")
        .allowEmptyShould(true)
        .check(classes);
  }

  /** Fails where digits and points are those of whatever country the machine is set to. */
  public void checkLocales() {
    noClasses()
        .should()
        .callMethod(String.class, "format", String.class, Object[].class)
        .because("what is written reads the same everywhere: String.format(Locale.ROOT, …)")
        .allowEmptyShould(true)
        .check(classes);
  }

  private boolean mayImport(String row, String to) {
    boolean isRoot = row.equals("root");
    if (to.startsWith("vigie.")) {
      if (!within(to, root)) {
        return within(to, BASE);
      }
      String target = rowOf(to);
      return target != null
          && (isRoot
              || target.equals(row)
              || open.contains(target)
              || rows.getOrDefault(row, Set.of()).contains(target));
    }
    for (Map.Entry<String, Set<String>> library : libraries.entrySet()) {
      if (within(to, library.getKey()) && !library.getValue().contains(row)) {
        return false;
      }
    }
    return true;
  }

  /** The longest row that covers a package, {@code root} for the root itself, else null. */
  private String rowOf(String packageName) {
    if (packageName.equals(root)) {
      return "root";
    }
    String best = null;
    for (String row : rows.keySet()) {
      if (within(packageName, root + "." + row) && (best == null || row.length() > best.length())) {
        best = row;
      }
    }
    return best;
  }

  private static boolean within(String packageName, String prefix) {
    return packageName.equals(prefix) || packageName.startsWith(prefix + ".");
  }

  private static Set<String> words(String text) {
    return text.isBlank() ? Set.of() : Set.of(text.trim().split(" +"));
  }
}
