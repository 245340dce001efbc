using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace OnnxFunctional.Tests.Documentation;

/// <summary>A public or protected declaration of src, and its XML documentation.</summary>
/// <param name="Place">File and line.</param>
/// <param name="Type">The name of the type.</param>
/// <param name="Name">The name of the member; that of the type if it is the type or a constructor.</param>
/// <param name="Parameters">The names of its parameters.</param>
/// <param name="Documentation">The text of its documentation; empty if there is none.</param>
/// <param name="Code">What it runs; of a type, what its primary constructor runs: initializers, and arguments of the base class.</param>
/// <param name="IsType">Whether it is a type; its parameters are then those of its primary constructor.</param>
internal sealed record PublicMember(
    string Place,
    string Type,
    string Name,
    IReadOnlyList<string> Parameters,
    string Documentation,
    string Code,
    bool IsType)
{
    /// <summary>All of them. Operators are left out: nothing is to be said about left and right.</summary>
    public static IReadOnlyList<PublicMember> All { get; } = [.. Repository.Files("*.cs", "src").SelectMany(Of)];

    /// <summary>Whether another declaration documents it.</summary>
    public bool Inherits => Documentation.Contains("<inheritdoc", StringComparison.Ordinal);

    /// <summary>Parameters without documentation.</summary>
    public IEnumerable<string> Undocumented => Inherits ? [] : Parameters.Where(name => !Says($"<param name=\"{name}\">"));

    public bool Says(string tag) => Documentation.Contains(tag, StringComparison.Ordinal);

    private static IEnumerable<PublicMember> Of(string path)
    {
        var tree = CSharpSyntaxTree.ParseText(Repository.Read(path), new CSharpParseOptions(LanguageVersion.Preview, DocumentationMode.Parse));
        foreach (var member in tree.GetRoot().DescendantNodes().OfType<MemberDeclarationSyntax>().Where(IsSeen))
        {
            var (name, parameters) = member switch
            {
                MethodDeclarationSyntax method when method.ExplicitInterfaceSpecifier is null => (method.Identifier.Text, method.ParameterList.Parameters),
                ConstructorDeclarationSyntax constructor => (constructor.Identifier.Text, constructor.ParameterList.Parameters),
                IndexerDeclarationSyntax indexer => ("this", indexer.ParameterList.Parameters),
                DelegateDeclarationSyntax @delegate => (@delegate.Identifier.Text, @delegate.ParameterList.Parameters),
                TypeDeclarationSyntax type when type is not ExtensionBlockDeclarationSyntax => (type.Identifier.Text, type.ParameterList?.Parameters ?? []),
                _ => ("", default(SeparatedSyntaxList<ParameterSyntax>)),
            };
            if (name.Length == 0) continue;
            var line = tree.GetLineSpan(member.Span).StartLinePosition.Line + 1;
            var owner = member.AncestorsAndSelf().OfType<TypeDeclarationSyntax>().FirstOrDefault(type => type is not ExtensionBlockDeclarationSyntax);
            var comment = string.Concat(member.GetLeadingTrivia().Where(trivia => trivia.HasStructure).Select(trivia => trivia.ToFullString()));
            yield return new(
                $"{path}({line})",
                owner?.Identifier.Text ?? "",
                name,
                [.. parameters.Select(parameter => parameter.Identifier.Text)],
                comment,
                CodeOf(member),
                member is TypeDeclarationSyntax);
        }
    }

    private static string CodeOf(MemberDeclarationSyntax member)
    {
        if (member is not TypeDeclarationSyntax type) return member.ToString();
        if (type.ParameterList is null) return "";
        IEnumerable<SyntaxNode?> parts =
        [
            .. type.Members.OfType<PropertyDeclarationSyntax>().Select(property => property.Initializer),
            .. type.Members.OfType<FieldDeclarationSyntax>(),
            type.BaseList,
        ];
        return string.Join('\n', parts.Where(part => part is not null && !part.ChildTokens().Any(token => token.IsKind(SyntaxKind.StaticKeyword))));
    }

    private static bool IsSeen(MemberDeclarationSyntax member)
    {
        foreach (var node in member.AncestorsAndSelf().OfType<MemberDeclarationSyntax>())
        {
            if (node is BaseNamespaceDeclarationSyntax or ExtensionBlockDeclarationSyntax) continue;
            var isIn = (SyntaxKind kind) => node.Modifiers.Any(kind);
            var isOfInterface = node.Parent is InterfaceDeclarationSyntax;
            if (!isOfInterface && !isIn(SyntaxKind.PublicKeyword) && !isIn(SyntaxKind.ProtectedKeyword)) return false;
            if (isIn(SyntaxKind.PrivateKeyword)) return false;
        }

        return true;
    }
}
