using System.Reflection;

namespace Fota.DeviceAgent.Tests.Product;

/// <summary>What of an assembly others can see, a line each, sorted: the form of PublicApi.txt.</summary>
internal static class PublicApi
{
    private const BindingFlags Declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    // What the compiler makes for every record.
    private static readonly string[] s_ofRecords = ["Deconstruct", "Equals", "GetHashCode", "PrintMembers", "ToString", "<Clone>$", "op_Equality", "op_Inequality", "EqualityContract"];

    public static IEnumerable<string> Of(Assembly assembly) => assembly.GetExportedTypes().SelectMany(OfType).Order(StringComparer.Ordinal);

    private static IEnumerable<string> OfType(Type type)
    {
        string name = NameOf(type);
        yield return $"{name} : {KindOf(type)}";
        bool isRecord = type.GetMethod("<Clone>$") is not null;
        foreach (MemberInfo member in type.GetMembers(Declared))
        {
            if (Describe(member) is { } line && !(isRecord && s_ofRecords.Contains(member.Name)))
            {
                yield return $"{name}.{line}";
            }
        }
    }

    private static string? Describe(MemberInfo member) => member switch
    {
        ConstructorInfo { IsStatic: false } constructor when IsVisible(constructor) && !IsCopy(constructor) => $"ctor({Parameters(constructor)})",
        MethodInfo { IsSpecialName: false } method when IsVisible(method) => $"{method.Name}({Parameters(method)}) -> {NameOf(method.ReturnType)}",
        PropertyInfo property when property.GetMethod is { } get && IsVisible(get) => $"{property.Name} {{ get;{Setter(property)} }} -> {NameOf(property.PropertyType)}",
        FieldInfo { IsPublic: true, IsSpecialName: false } field => $"{field.Name}{(field.IsLiteral ? $" = {field.GetRawConstantValue()}" : "")} -> {NameOf(field.FieldType)}",
        _ => null,
    };

    private static string Setter(PropertyInfo property) => property.SetMethod is { } set && IsVisible(set)
        ? set.ReturnParameter.GetRequiredCustomModifiers().Length > 0 ? " init;" : " set;"
        : "";

    private static bool IsVisible(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    private static bool IsCopy(ConstructorInfo constructor) => constructor.GetParameters() is [{ } only] && only.ParameterType == constructor.DeclaringType;

    private static string Parameters(MethodBase method) => string.Join(", ", method.GetParameters().Select(static parameter => $"{NameOf(parameter.ParameterType)} {parameter.Name}{(parameter.HasDefaultValue ? " = default" : "")}"));

    private static string KindOf(Type type) => type switch
    {
        { IsEnum: true } => "enum",
        { IsInterface: true } => "interface",
        { IsValueType: true } => "struct",
        { IsAbstract: true, IsSealed: true } => "static class",
        { IsAbstract: true } => "abstract class",
        { IsSealed: true } => "sealed class",
        _ => "class",
    };

    private static string NameOf(Type type)
    {
        if (type.IsGenericParameter)
        {
            return type.Name;
        }

        string name = type.DeclaringType is { } outer ? $"{NameOf(outer)}.{type.Name}" : $"{type.Namespace}.{type.Name}";
        return type.IsGenericType
            ? $"{name.Split('`')[0]}<{string.Join(", ", type.GetGenericArguments().Select(NameOf))}>"
            : name;
    }
}
