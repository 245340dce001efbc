using System.ComponentModel;
using System.Reflection;
using System.Runtime.CompilerServices;
using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.MLNet;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;
using OnnxFunctional.Visualization;

namespace OnnxFunctional.Tests;

/// <summary>What completion offers: the classes users name, not those that only hold others together.</summary>
[TestClass]
public sealed class PublicApiTests
{
    private const BindingFlags Members = BindingFlags.DeclaredOnly | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static;

    /// <summary>Classes that nobody outside can derive from and that users name nevertheless.</summary>
    private static readonly Dictionary<Type, string> s_named = new()
    {
        [typeof(LayerBase)] = "what Model.Layers and GetLayer return, and what StepContext.Minimize takes",
        [typeof(RecurrentLayer)] = "what Bidirectional takes",
        [typeof(Dataset<>)] = "what Fit takes and every step of a pipeline returns",
        [typeof(ImageCache)] = "what ImageFolder.Open takes; ImageCache.InFile makes one",
        [typeof(Backend)] = "what Compile takes; Backend.OnnxRuntime makes one",
        [typeof(OnnxValue)] = "what OnnxModel.Run takes and returns",
    };

    [TestMethod]
    public void Base_classes_that_nobody_can_derive_from_are_hidden_from_completion()
    {
        var closed = PublicTypes().Where(type => type is { IsClass: true, IsSealed: false } && !CanBeDerivedFrom(type)).ToList();
        Assert.IsNotEmpty(closed);
        Assert.IsEmpty(
            closed.Where(type => IsHidden(type) == s_named.ContainsKey(type)).Select(type => type.FullName),
            "either hidden, or in the list of those that users name");
        Assert.IsEmpty(s_named.Keys.Except(closed), "not closed any more; delete it from the list");

        static bool CanBeDerivedFrom(Type type) =>
            type.GetConstructors(Members).Any(IsAccessible)
            && !type.GetMethods(Members & ~BindingFlags.DeclaredOnly).Any(method => method.IsAbstract && (method.IsAssembly || method.IsFamilyAndAssembly));

        static bool IsAccessible(ConstructorInfo constructor) =>
            constructor is { IsStatic: false } && (constructor.IsPublic || constructor.IsFamily || constructor.IsFamilyOrAssembly);
    }

    [TestMethod]
    public void Holders_of_extension_members_are_hidden_from_completion()
    {
        var holders = PublicTypes().Where(type => type is { IsAbstract: true, IsSealed: true }).Where(HoldsOnlyExtensions).ToList();
        Assert.IsNotEmpty(holders);
        Assert.IsEmpty(holders.Where(type => !IsHidden(type)).Select(type => type.FullName));

        // Members of an extension block stand in a nested type; the static ones have a twin of their name outside.
        static bool HoldsOnlyExtensions(Type type)
        {
            var inBlocks = type.GetNestedTypes(Members)
                .Where(nested => nested.Name.StartsWith('<'))
                .SelectMany(nested => nested.GetMethods(Members))
                .Select(method => method.Name)
                .ToHashSet();
            return type.GetMembers(Members).Where(IsPublic).All(member => member.IsDefined(typeof(ExtensionAttribute)) || inBlocks.Contains(member.Name));
        }

        static bool IsPublic(MemberInfo member) => member switch
        {
            MethodBase method => method.IsPublic,
            FieldInfo field => field.IsPublic,
            Type nested => nested.IsNestedPublic && !nested.Name.StartsWith('<'),
            PropertyInfo property => property.GetMethod?.IsPublic ?? false,
            _ => false,
        };
    }

    private static IEnumerable<Type> PublicTypes() =>
        new[] { typeof(Model), typeof(Trainer), typeof(OnnxModel), typeof(DataViewColumns), typeof(ModelPlot) }
            .SelectMany(type => type.Assembly.GetExportedTypes())
            .Where(type => !type.Name.StartsWith('<') && !type.IsNested);

    private static bool IsHidden(Type type) => type.GetCustomAttribute<EditorBrowsableAttribute>()?.State == EditorBrowsableState.Never;
}
