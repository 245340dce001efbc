using System.Reflection;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Losses;
using OnnxFunctional.Training.Metrics;

namespace OnnxFunctional.Tests.Training;

/// <summary>Options out of their range are refused where they are given, not when numbers have become wrong.</summary>
[TestClass]
public sealed class OptionRangeTests
{
    [TestMethod]
    public void An_option_out_of_range_is_refused_by_its_name()
    {
        (Func<object> Make, string Says)[] rows =
        [
            (() => new BinaryCrossentropy(labelSmoothing: -3), "BinaryCrossentropy: labelSmoothing is -3; expected a number from 0 to 1"),
            (() => new CategoricalCrossentropy(labelSmoothing: 1.5), "CategoricalCrossentropy: labelSmoothing is 1.5"),
            (() => new BinaryFocalCrossentropy(labelSmoothing: 2), "BinaryFocalCrossentropy: labelSmoothing is 2"),
            (() => new BinaryFocalCrossentropy(alpha: -1), "alpha is -1"),
            (() => new CategoricalFocalCrossentropy(gamma: double.NaN), "gamma is NaN; expected a finite number of at least 0"),
            (() => new Huber(-1), "Huber: delta is -1"),
            (() => new Tversky(-1), "Tversky: alpha is -1"),
            (() => new Tversky(beta: -1), "Tversky: beta is -1"),
            (() => new Circle(-1), "Circle: gamma is -1"),
            (() => new Circle(margin: double.PositiveInfinity), "Circle: margin is Infinity"),
            (() => new CategoricalGeneralizedCrossEntropy(1), "q is 1; expected a number above 0 and below 1"),
            (() => new TopKCategoricalAccuracy(0), "TopKCategoricalAccuracy: k is 0; expected a positive integer"),
            (() => new SparseTopKCategoricalAccuracy(-1), "k is -1"),
            (() => new BinaryAccuracy(7), "BinaryAccuracy: threshold is 7"),
            (() => new F1Score(threshold: 9), "threshold is 9; expected a number above 0 and at most 1"),
            (() => new FBetaScore(beta: 0), "FBetaScore: beta is 0"),
            (() => new R2Score(numRegressors: -2), "R2Score: numRegressors is -2"),
            (() => new Precision(topK: 0), "Precision: topK is 0"),
            (() => new Recall(classId: -1), "Recall: classId is -1"),
            (() => new LayerNormalization(epsilon: -1), "LayerNormalization: epsilon is -1"),
            (() => new BatchNormalization(epsilon: double.NaN), "BatchNormalization: epsilon is NaN"),
            (() => new GroupNormalization(epsilon: -1), "GroupNormalization: epsilon is -1"),
            (() => new RmsNormalization(epsilon: -1), "RmsNormalization: epsilon is -1"),
            (() => new TextVectorization(maxTokens: 1), "TextVectorization: maxTokens is 1; expected more than 1"),
            (() => Ops.OneHot(Model.Input([2], DType.Int64), 0), "OneHot: numClasses is 0; expected a positive integer"),
            (() => new Elu(double.PositiveInfinity), "ELU: alpha is Infinity; expected a finite number"),
            (() => new ReduceLROnPlateau(minLr: -1), "ReduceLROnPlateau: minLr is -1; expected a finite number of at least 0"),
        ];
        foreach (var (make, says) in rows) Assert.Contains(says, Assert.ThrowsExactly<ModelException>(() => make(), says).Message);
    }

    /// <summary>Of every layer, initializer, regularizer, constraint, optimizer, schedule, loss, metric and callback.</summary>
    [TestMethod]
    public void No_option_is_NaN()
    {
        Type[] families =
        [
            typeof(LayerBase), typeof(Initializer), typeof(Regularizer), typeof(Constraint), typeof(Optimizer), typeof(Schedule), typeof(Loss), typeof(Metric),
            typeof(Callback),
        ];
        var constructors = families.Select(family => family.Assembly).Distinct().SelectMany(assembly => assembly.GetExportedTypes())
            .Where(type => !type.IsAbstract && families.Any(family => family.IsAssignableFrom(type)))
            .SelectMany(type => type.GetConstructors());
        var (taken, refused) = (new List<string>(), 0);
        foreach (var constructor in constructors)
        {
            var parameters = constructor.GetParameters();
            for (var i = 0; i < parameters.Length; i++)
            {
                if (parameters[i].ParameterType != typeof(double) && parameters[i].ParameterType != typeof(double?)) continue;
                if (IsRefused(constructor, i)) refused++;
                else taken.Add($"{constructor.DeclaringType!.Name}({parameters[i].Name}: NaN)");
            }
        }

        Assert.IsEmpty(taken, string.Join('\n', taken));
        Assert.IsGreaterThan(150, refused);
    }

    private static bool IsRefused(ConstructorInfo constructor, int option)
    {
        var parameters = constructor.GetParameters();
        var given = parameters.Select(parameter => parameter.Position == option ? double.NaN : Value(parameter)).ToArray();
        try
        {
            // Options that all optimizers have are checked together.
            if (constructor.Invoke(given) is Optimizer optimizer) Network().Compile(optimizer, Loss.MeanSquaredError);
            return false;
        }
        catch (TargetInvocationException refusal) when (refusal.InnerException is ModelException)
        {
            return refusal.InnerException.Message.Contains("NaN", StringComparison.Ordinal);
        }
        catch (ModelException refusal)
        {
            return refusal.Message.Contains("NaN", StringComparison.Ordinal);
        }
    }

    private static Model Network()
    {
        var x = Model.Input([2]);
        return new Model(x, new Dense(1).Call(x));
    }

    /// <summary>What is given beside the option.</summary>
    private static object? Value(ParameterInfo parameter) => parameter switch
    {
        { Name: "numBins" } => 3,
        { Name: "equation" } => "ab,bc->ac",
        { Name: "kernelSize" or "poolSize" } => (IntValues)2,
        { HasDefaultValue: true } => parameter.DefaultValue ?? (parameter.ParameterType.IsValueType ? Activator.CreateInstance(parameter.ParameterType) : null),
        _ when parameter.ParameterType == typeof(int) => 2,
        _ when parameter.ParameterType == typeof(double) => 0.5,
        _ when parameter.ParameterType == typeof(string) => "x",
        _ when parameter.ParameterType == typeof(Schedule) => (Schedule)0.1,
        _ when parameter.ParameterType == typeof(DoubleValues) => DoubleValues.Create([0.1]),
        _ when parameter.ParameterType.IsValueType => Activator.CreateInstance(parameter.ParameterType),
        _ => null,
    };
}
