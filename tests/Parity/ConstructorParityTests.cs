using System.Collections;
using System.Globalization;
using System.Reflection;
using OnnxFunctional.Export;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Callbacks;

namespace OnnxFunctional.Tests.Parity;

/// <summary>
/// Constructors take what Keras' take: the same names in camelCase, in the same order, with the same defaults; <c>name</c> is last. What differs on purpose is
/// listed, with its reason, in docs/keras-signatures.md, and nothing else may differ.
/// </summary>
[TestClass]
public sealed class ConstructorParityTests
{
    /// <summary>Keras' names of our classes, by section of the reference file.</summary>
    private static readonly Dictionary<string, IReadOnlyDictionary<string, Type>> s_classes = new()
    {
        ["optimizers"] = CompileTypes.Optimizers.ToDictionary(entry => entry.Key, entry => entry.Value.Type),
        ["schedules"] = CompileTypes.Schedules.ToDictionary(entry => entry.Key, entry => entry.Value.Type),
        ["losses"] = CompileTypes.Losses.ToDictionary(entry => entry.Key, entry => entry.Value.Type),
        ["metrics"] = CompileTypes.Metrics.Where(entry => entry.Value.Type.IsVisible).ToDictionary(entry => entry.Key, entry => entry.Value.Type),
        ["callbacks"] = new Dictionary<string, Type>
        {
            ["BackupAndRestore"] = typeof(BackupAndRestore),
            ["CSVLogger"] = typeof(CsvLogger),
            ["EarlyStopping"] = typeof(EarlyStopping),
            ["History"] = typeof(History),
            ["JsonLinesLogger"] = typeof(JsonLinesLogger),
            ["LambdaCallback"] = typeof(LambdaCallback),
            ["LearningRateScheduler"] = typeof(LearningRateScheduler),
            ["MagnitudePruning"] = typeof(MagnitudePruning),
            ["ModelCheckpoint"] = typeof(ModelCheckpoint),
            ["ReduceLROnPlateau"] = typeof(ReduceLROnPlateau),
            ["TensorBoard"] = typeof(TensorBoard),
            ["TerminateOnNaN"] = typeof(TerminateOnNaN),
        },
    };

    public static IEnumerable<object[]> Signatures =>
        KerasSignature.All.Where(signature => Ours(signature) is not null).Select(signature => new object[] { signature.Section, signature.Class });

    [TestMethod]
    [DynamicData(nameof(Signatures))]
    public void A_constructor_takes_what_that_of_Keras_takes(string section, string @class)
    {
        var signature = KerasSignature.All.Single(signature => signature.Section == section && signature.Class == @class);
        var constructor = Longest(Ours(signature)!);
        var listed = SignatureDifference.All.Where(difference => difference.IsOf(section, @class)).ToList();
        string? Listed(string kind, string argument) =>
            listed.FirstOrDefault(row => row.Argument == argument && row.Kind.StartsWith(kind, StringComparison.Ordinal))?.Kind;

        // Names and order.
        var given = signature.Arguments.Where(argument => argument.Name != "name" && Listed(SignatureDifference.Absent, argument.Name) is null).ToList();
        var names = given
            .Select(argument => Listed(SignatureDifference.Named, argument.Name)?[SignatureDifference.Named.Length..] ?? argument.CamelCase)
            .ToList();
        names.AddRange(listed.Where(row => row.Kind == SignatureDifference.Added).Select(row => row.Argument));
        if (signature.Arguments.Any(argument => argument.Name == "name") && Listed(SignatureDifference.Absent, "name") is null) names.Add("name");
        var parameters = constructor.GetParameters();
        CollectionAssert.AreEqual(names, parameters.Select(parameter => parameter.Name).ToList(), $"{signature}: expected {string.Join(", ", names)}");

        // Defaults.
        var made = parameters.All(parameter => parameter.HasDefaultValue) ? constructor.Invoke([.. parameters.Select(DefaultOf)]) : null;
        foreach (var (argument, parameter) in given.Zip(parameters))
        {
            var same = IsDefault(argument.Default, parameter, made);
            var isListed = Listed(SignatureDifference.Default, argument.Name) is not null;
            Assert.AreEqual(
                !isListed,
                same,
                $"{signature}: {argument.Name} = {argument.Default ?? "(none)"} in Keras, {parameter} = {parameter.DefaultValue} here");
        }
    }

    [TestMethod]
    public void Every_class_of_Keras_is_here_or_listed_and_every_class_of_ours_is_one_of_Keras_or_listed()
    {
        var missing = KerasSignature.All.Where(signature => Ours(signature) is null).Select(signature => $"{signature.Section} | {signature.Class}").Order();
        CollectionAssert.AreEqual(missing.ToList(), Rows(SignatureDifference.NoClass));
        var own = s_classes.SelectMany(section => section.Value.Keys
            .Where(name => !KerasSignature.All.Any(signature => signature.Section == section.Key && signature.Class == name))
            .Select(name => $"{section.Key} | {name}")).Order();
        CollectionAssert.AreEqual(own.ToList(), Rows(SignatureDifference.OnlyHere));

        static List<string> Rows(string kind) =>
            [.. SignatureDifference.All.Where(row => row.Kind == kind).Select(row => $"{row.Section} | {row.Class}").Order()];
    }

    [TestMethod]
    public void Every_public_class_is_compared()
    {
        var compared = s_classes.Values.SelectMany(classes => classes.Values).ToHashSet();
        Type[] bases = [typeof(Optimizer), typeof(Schedule), typeof(Loss), typeof(Metric), typeof(Callback)];
        var forgotten = new[] { typeof(Trainer).Assembly, typeof(ModelCheckpoint).Assembly }.SelectMany(assembly => assembly.GetExportedTypes())
            .Where(type => !type.IsAbstract && Array.Exists(bases, type.IsSubclassOf) && !compared.Contains(type));
        Assert.AreEqual("", string.Join(", ", forgotten.Select(type => type.Name)));
    }

    [TestMethod]
    public void Every_listed_difference_exists_and_has_a_reason()
    {
        var known = KerasSignature.All.Select(signature => (signature.Section, signature.Class)).ToHashSet();
        foreach (var row in SignatureDifference.All)
        {
            Assert.IsNotEmpty(row.Why, $"{row}");
            if (row.Kind is SignatureDifference.OnlyHere || row.Class == "*") continue;
            Assert.Contains((row.Section, row.Class), known, $"{row}: there is no such class in the reference file");
            if (row.Kind is SignatureDifference.NoClass or SignatureDifference.Added) continue;
            var signature = KerasSignature.All.Single(signature => signature.Section == row.Section && signature.Class == row.Class);
            Assert.IsTrue(signature.Arguments.Any(argument => argument.Name == row.Argument), $"{row}: Keras has no such argument");
        }
    }

    private static Type? Ours(KerasSignature signature) => s_classes[signature.Section].GetValueOrDefault(signature.Class);

    private static ConstructorInfo Longest(Type type) => type.GetConstructors().OrderByDescending(constructor => constructor.GetParameters().Length).First();

    private static object? DefaultOf(ParameterInfo parameter) => parameter.DefaultValue is { } value && parameter.ParameterType.IsEnum
        ? Enum.ToObject(parameter.ParameterType, value)
        : parameter.DefaultValue;

    /// <summary>Whether the default is Keras'; null stands for Keras' default if the object made without arguments has it.</summary>
    private static bool IsDefault(string? expected, ParameterInfo parameter, object? made)
    {
        if (expected is null || !parameter.HasDefaultValue) return expected is null && !parameter.HasDefaultValue;
        var value = DefaultOf(parameter);
        if (value is null && expected != "None" && made is not null)
        {
            var properties = made.GetType().GetProperties();
            value = Array.Find(properties, property => string.Equals(property.Name, parameter.Name, StringComparison.OrdinalIgnoreCase))?.GetValue(made);
        }

        return value switch
        {
            null => expected == "None",
            bool flag => expected == (flag ? "True" : "False"),
            Enum choice => Plain(choice.ToString()) == Plain(expected),
            Schedule schedule => IsNumber(expected, schedule.InitialLearningRate),
            string or char => Plain(value.ToString()!) == Plain(expected),
            IEnumerable items => Plain(string.Join(',', items.Cast<object>())) == Plain(expected),
            _ => IsNumber(expected, Convert.ToDouble(value, CultureInfo.InvariantCulture)),
        };
    }

    private static bool IsNumber(string expected, double value) =>
        double.TryParse(expected, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number == value;

    /// <summary>A text without what distinguishes spellings of one choice: case, underscores, quotes, brackets.</summary>
    private static string Plain(string text) => string.Concat(text.Where(letter => char.IsLetterOrDigit(letter) || letter == ',')).ToUpperInvariant();
}
