using System.Collections;
using System.Globalization;
using System.Reflection;
using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Parity;

/// <summary>
/// Constructors take what Keras' take: the same names in camelCase, in the same order, with the same defaults; <c>name</c> is last. What differs on purpose is
/// listed, with its reason, in docs/keras-signatures.md, and nothing else may differ.
/// </summary>
[TestClass]
public sealed class ConstructorParityTests
{
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
        var all = constructor.GetParameters();
        ParameterInfo[] parameters = [.. all.Where(parameter => section != "layers" || names.Contains(parameter.Name!) || !IsLeftOut(parameter.Name!))];
        Assert.AreEqual(string.Join(", ", names), string.Join(", ", parameters.Select(parameter => parameter.Name)), $"{signature}");

        // Defaults.
        var made = Made(constructor, @class);
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
        var own = KerasClasses.All.SelectMany(section => section.Value.Keys
            .Where(name => !KerasSignature.All.Any(signature => signature.Section == section.Key && signature.Class == name))
            .Select(name => $"{section.Key} | {name}")).Order();
        CollectionAssert.AreEqual(own.ToList(), Rows(SignatureDifference.OnlyHere));

        static List<string> Rows(string kind) =>
            [.. SignatureDifference.All.Where(row => row.Kind == kind).Select(row => $"{row.Section} | {row.Class}").Order()];
    }

    [TestMethod]
    public void Every_public_class_is_compared()
    {
        var compared = KerasClasses.All.Values.SelectMany(classes => classes.Values).ToHashSet();
        Type[] bases =
        [
            typeof(Optimizer), typeof(Schedule), typeof(Loss), typeof(Metric), typeof(Callback),
            typeof(LayerBase), typeof(Initializer), typeof(Regularizer), typeof(Constraint),
        ];
        Type[] apart = [typeof(InputLayer), typeof(Model), typeof(Sequential)];
        Assembly[] assemblies = [typeof(Model).Assembly, typeof(Trainer).Assembly, typeof(ModelCheckpoint).Assembly];
        var forgotten = assemblies.SelectMany(assembly => assembly.GetExportedTypes())
            .Where(type => !type.IsAbstract && Array.Exists(bases, type.IsSubclassOf) && !compared.Contains(type) && !apart.Contains(type));
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

    private static Type? Ours(KerasSignature signature) => KerasClasses.All[signature.Section].GetValueOrDefault(signature.Class);

    private static ConstructorInfo Longest(Type type) => type.GetConstructors().OrderByDescending(constructor => constructor.GetParameters().Length).First();

    /// <summary>Whether the reference file leaves an argument out, since all layers with weights or images take it alike.</summary>
    private static bool IsLeftOut(string parameter) =>
        parameter == "dataFormat" || parameter.EndsWith("Regularizer", StringComparison.Ordinal) || parameter.EndsWith("Constraint", StringComparison.Ordinal);

    /// <summary>Any value that a constructor accepts.</summary>
    private static object Sample(string @class, ParameterInfo parameter) => parameter.ParameterType switch
    {
        var type when type == typeof(int) => 2,
        var type when type == typeof(long) => 2L,
        var type when type == typeof(double) => 0.5,
        var type when type == typeof(string) => "ab,bc->ac",
        var type when type == typeof(IntValues) => (IntValues)(@class == "Permute" ? 1 : 2),
        var type when type == typeof(DoubleValues) => (DoubleValues)(@class == "RandomPosterization" ? 2 : 0.5),
        var type when type == typeof(Shape) => Shape.Of(2),
        var type when type == typeof(Activation) => Activation.Relu,
        var type when type == typeof(RecurrentLayer) => new Lstm(2),
        var type when type == typeof(RecurrentCell) => new LstmCell(2),
        var type when type == typeof(IReadOnlyList<RecurrentCell>) => new RecurrentCell[] { new LstmCell(2) },
        var type when type == typeof(IReadOnlyList<double>) => parameter.Name == "values" ? [1.0, 2] : new double[] { 1 },
        var type when type == typeof(IReadOnlyList<long>) => new long[] { 1 },
        var type when type == typeof(IReadOnlyList<int>) => new int[] { 1 },
        var type when type == typeof(Func<int, double, double>) => (int _, double rate) => rate,
        var type when type == typeof(Func<int, double>) => (int _) => 1.0,
        var type when type == typeof(Func<SymbolicTensor, SymbolicTensor>) => (SymbolicTensor x) => x,
        var type when type == typeof(IReadOnlyList<Layer>) => new Layer[] { new Dense(2) },
        var type when type == typeof(Layer) || type == typeof(LayerBase) => new Dense(2),
        var type => throw new AssertFailedException($"{@class}: no sample of {type.Name} {parameter.Name}"),
    };

    /// <summary>An object with all defaults; null where they are not enough, as for bins with neither boundaries nor a number.</summary>
    private static object? Made(ConstructorInfo constructor, string @class)
    {
        try
        {
            return constructor.Invoke(
                [.. constructor.GetParameters().Select(parameter => parameter.HasDefaultValue ? DefaultOf(parameter) : Sample(@class, parameter))]);
        }
        catch (TargetInvocationException refused) when (refused.InnerException is ModelException)
        {
            return null;
        }
    }

    private static object? DefaultOf(ParameterInfo parameter)
    {
        var type = Nullable.GetUnderlyingType(parameter.ParameterType) ?? parameter.ParameterType;
        return parameter.DefaultValue is { } value && type.IsEnum ? Enum.ToObject(type, value) : parameter.DefaultValue;
    }

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
            Activation activation => Plain(activation.Name) == Plain(expected) || (expected == "None" && activation == Activation.Linear),
            Initializer initializer => Plain(initializer.GetType().Name) == Plain(expected == "'uniform'" ? "RandomUniform" : expected),
            Schedule schedule => IsNumber(expected, schedule.InitialLearningRate),
            string or char => Plain(value.ToString()!) == Plain(expected),
            IntValues or DoubleValues or EdgeWidths => Numbers(value.ToString()!) == Numbers(expected),
            IEnumerable items => Plain(string.Join(',', items.Cast<object>())) == Plain(expected),
            _ => IsNumber(expected, Convert.ToDouble(value, CultureInfo.InvariantCulture)),
        };
    }

    private static bool IsNumber(string expected, double value) =>
        double.TryParse(expected, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number == value;

    /// <summary>The numbers of a tuple; one if all are the same, as <c>strides=(1, 1)</c> is <c>strides: 1</c>.</summary>
    private static string Numbers(string text)
    {
        double[] numbers =
        [
            .. text.Split(['(', ')', '[', ']', ',', ' '], StringSplitOptions.RemoveEmptyEntries)
                .Select(number => double.TryParse(number, CultureInfo.InvariantCulture, out var value) ? value : double.NaN),
        ];
        return string.Join(',', numbers.Distinct().Count() == 1 ? numbers[..1] : numbers);
    }

    /// <summary>A text without what distinguishes spellings of one choice: case, underscores, quotes, brackets.</summary>
    private static string Plain(string text) => string.Concat(text.Where(letter => char.IsLetterOrDigit(letter) || letter == ',')).ToUpperInvariant();
}
