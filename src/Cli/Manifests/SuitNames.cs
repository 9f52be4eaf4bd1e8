using System.Globalization;

namespace Fota.Cli.Manifests;

/// <summary>Names of SUIT's registries, without the prefixes that all of them share; a number without a name stays a number.</summary>
internal static class SuitNames
{
    private static readonly Dictionary<long, string> s_members = new()
    {
        [4] = "reference-uri",
        [5] = "manifest-component-id",
        [6] = "set-version",
        [7] = "validate",
        [8] = "load",
        [9] = "invoke",
        [14] = "coswid",
        [15] = "dependency-resolution",
        [16] = "payload-fetch",
        [18] = "candidate-verification",
        [20] = "install",
        [23] = "text",
        [24] = "uninstall",
    };

    private static readonly Dictionary<long, string> s_commands = new()
    {
        [1] = "condition-vendor-identifier",
        [2] = "condition-class-identifier",
        [3] = "condition-image-match",
        [4] = "condition-use-before",
        [5] = "condition-component-slot",
        [6] = "condition-check-content",
        [7] = "condition-dependency-integrity",
        [8] = "condition-is-dependency",
        [11] = "directive-process-dependency",
        [12] = "directive-set-component-index",
        [14] = "condition-abort",
        [15] = "directive-try-each",
        [18] = "directive-write",
        [19] = "directive-set-parameters",
        [20] = "directive-override-parameters",
        [21] = "directive-fetch",
        [22] = "directive-copy",
        [23] = "directive-invoke",
        [24] = "condition-device-identifier",
        [25] = "condition-image-not-match",
        [26] = "condition-minimum-battery",
        [27] = "condition-update-authorized",
        [28] = "condition-version",
        [29] = "directive-wait",
        [31] = "directive-swap",
        [32] = "directive-run-sequence",
        [33] = "directive-unlink",
        [34] = "directive-override-multiple",
        [35] = "directive-copy-params",
    };

    private static readonly Dictionary<long, string> s_parameters = new()
    {
        [1] = "vendor-identifier",
        [2] = "class-identifier",
        [3] = "image-digest",
        [4] = "use-before",
        [5] = "component-slot",
        [12] = "strict-order",
        [13] = "soft-failure",
        [14] = "image-size",
        [18] = "content",
        [19] = "encryption-info",
        [21] = "uri",
        [22] = "source-component",
        [23] = "invoke-args",
        [24] = "device-identifier",
        [25] = "fetch-arguments",
        [26] = "minimum-battery",
        [27] = "update-priority",
        [28] = "version",
        [29] = "wait-info",
        [30] = "component-metadata",
    };

    private static readonly Dictionary<long, string> s_texts = new()
    {
        [1] = "manifest-description",
        [2] = "update-description",
        [3] = "manifest-json-source",
        [4] = "manifest-yaml-source",
    };

    private static readonly Dictionary<long, string> s_componentTexts = new()
    {
        [1] = "vendor-name",
        [2] = "model-name",
        [3] = "vendor-domain",
        [4] = "model-info",
        [5] = "component-description",
        [6] = "component-version",
        [7] = "version-required",
        [8] = "current-version",
    };

    public static string Member(long number) => Name(s_members, number);

    public static string Command(long number) => Name(s_commands, number);

    public static string Parameter(long number) => Name(s_parameters, number);

    public static string Text(long number) => Name(s_texts, number);

    public static string ComponentText(long number) => Name(s_componentTexts, number);

    private static string Name(Dictionary<long, string> names, long number) => names.GetValueOrDefault(number) ?? number.ToString(CultureInfo.InvariantCulture);
}
