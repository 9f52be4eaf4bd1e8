namespace Fota.Manifest.Encoding;

/// <summary>Numbers of draft-ietf-suit-manifest-37, appendix A and section 11 (IANA registries "SUIT Envelope Elements", "SUIT Commands", ...).</summary>
internal static class SuitNumbers
{
    public const ulong EnvelopeTag = 107;

    public const long Authentication = 2, Manifest = 3;

    public const long ManifestVersion = 1, SequenceNumber = 2, Common = 3, Validate = 7, Install = 20;

    public const long Components = 2, SharedSequence = 4;

    public const long ConditionVendor = 1, ConditionClass = 2, ConditionImageMatch = 3, ConditionDevice = 24;

    public const long DirectiveOverrideParameters = 20, DirectiveFetch = 21;

    public const long ParameterVendor = 1, ParameterClass = 2, ParameterImageDigest = 3, ParameterImageSize = 14, ParameterUri = 21,
        ParameterDevice = 24, ParameterFetchArguments = 25;

    /// <summary>Our map in suit-parameter-fetch-arguments, which the draft leaves to the implementation.</summary>
    public const long FetchChunkTableDigest = 1, FetchChunkTableSize = 2, FetchSecurityVersion = 3, FetchReleaseVersion = 4;

    /// <summary>SHA-256 in "COSE Algorithms".</summary>
    public const long Sha256 = -16;

    /// <summary>Reporting policy: send a record and system information, on success and on failure (section 8.4.7).</summary>
    public const ulong ReportAlways = 15;

    /// <summary>Reporting policy of a fetch in the draft's examples: system information on failure.</summary>
    public const ulong ReportFetchFailure = 2;

    /// <summary>The one component: the image that goes into either slot, as in the draft's example 3.</summary>
    public static ReadOnlySpan<byte> ComponentIdentifier => [0x00];
}
