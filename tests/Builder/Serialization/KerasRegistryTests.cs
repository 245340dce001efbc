using OnnxFunctional.Layers;
using OnnxFunctional.Serialization;

namespace OnnxFunctional.Tests.Builder.Serialization;

/// <summary>Every public class that a model can contain has a row, under Keras' name.</summary>
[TestClass]
public sealed class KerasRegistryTests
{
    // Functions cannot be written to a file; inputs and models are written separately.
    private static readonly Type[] s_apart = [typeof(Lambda), typeof(InputLayer), typeof(Model), typeof(Sequential)];

    [TestMethod]
    public void Every_layer_initializer_regularizer_and_constraint_has_a_row()
    {
        var missing = typeof(Model).Assembly.GetExportedTypes()
            .Where(type => !type.IsAbstract && (typeof(LayerBase).IsAssignableFrom(type)
                || typeof(Initializer).IsAssignableFrom(type)
                || typeof(Regularizer).IsAssignableFrom(type)
                || typeof(Constraint).IsAssignableFrom(type)))
            .Except(s_apart).Where(type => !KerasRegistry.ByType.ContainsKey(type)).Select(type => type.Name);
        Assert.AreEqual("", string.Join(", ", missing), "Add a row to KerasRegistry.");
    }

    [TestMethod]
    public void Every_constructor_parameter_can_be_found_again()
    {
        foreach (var type in KerasRegistry.ByType.Values) Assert.AreEqual("", string.Join(", ", type.HiddenParameters()), type.Name);
    }

    [TestMethod]
    public void Fixed_keys_name_no_property()
    {
        foreach (var type in KerasRegistry.ByType.Values)
        {
            foreach (var key in type.FixedKeys) Assert.IsNull(type.Find(key.Key), $"{type.Name}, {key.Key}");
        }
    }
}
