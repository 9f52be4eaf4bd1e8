namespace Fota.Manifest.Encoding;

/// <summary>
/// Numbers of draft-ietf-suit-manifest-37, appendix A and section 11 (IANA registries "SUIT Envelope Elements", "SUIT Commands", ...), and
/// of its extensions: trust-domains (dependencies), firmware-encryption, update-management.
/// </summary>
internal static class SuitNumbers
{
    public const ulong EnvelopeTag = 107;

    public const long Authentication = 2, Manifest = 3;

    public const long ManifestVersion = 1, SequenceNumber = 2, Common = 3, ReferenceUri = 4, ManifestComponentId = 5, Validate = 7, Load = 8, Invoke = 9,
        DependencyResolution = 15, PayloadFetch = 16, CandidateVerification = 18, Install = 20, Text = 23, Uninstall = 24;

    public const long Dependencies = 1, Components = 2, SharedSequence = 4;

    public const long DependencyPrefix = 1;

    public const long ConditionVendor = 1, ConditionClass = 2, ConditionImageMatch = 3, ConditionComponentSlot = 5, ConditionDevice = 24, ConditionVersion = 28;

    public const long DirectiveSetComponentIndex = 12, DirectiveTryEach = 15, DirectiveSetParameters = 19, DirectiveOverrideParameters = 20, DirectiveFetch = 21,
        DirectiveRunSequence = 32, DirectiveOverrideMultiple = 34;

    public const long ParameterVendor = 1, ParameterClass = 2, ParameterImageDigest = 3, ParameterComponentSlot = 5, ParameterImageSize = 14, ParameterUri = 21,
        ParameterDevice = 24, ParameterFetchArguments = 25, ParameterVersion = 28;

    /// <summary>Our map in suit-parameter-fetch-arguments, which the draft leaves to the implementation.</summary>
    public const long FetchChunkTableDigest = 1, FetchChunkTableSize = 2, FetchSecurityVersion = 3, FetchReleaseVersion = 4, FetchGateOverride = 5, FetchSbomDigest = 6;

    /// <summary>suit-text-update-description, in the text of a language.</summary>
    public const long TextUpdateDescription = 2;

    /// <summary>SHA-256 in "COSE Algorithms".</summary>
    public const long Sha256 = -16;

    /// <summary>Reporting policy: send a record and system information, on success and on failure (section 8.4.7).</summary>
    public const ulong ReportAlways = 15;

    /// <summary>Reporting policy of a fetch in the draft's examples: system information on failure.</summary>
    public const ulong ReportFetchFailure = 2;

    /// <summary>Reporting policy of the component-slot condition in the draft's example 3: records, on success and on failure.</summary>
    public const ulong ReportRecord = 5;

    /// <summary>The manifest members whose content is a command sequence.</summary>
    public static bool IsSequence(long member) => member is Validate or Load or Invoke or DependencyResolution or PayloadFetch or CandidateVerification or Install or Uninstall;
}
