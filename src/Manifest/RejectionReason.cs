namespace Fota.Manifest;

/// <summary>
/// The closed set of reasons for which Fota refuses an input. The numbers are stable: they stand in device reports, logs and
/// metrics. Zero is never used, so that a forgotten reason is not a reason.
/// </summary>
public enum RejectionReason
{
    /// <summary>Nothing was examined.</summary>
    None = 0,

    /// <summary>The bytes are not well-formed CBOR or JSON.</summary>
    Malformed = 101,

    /// <summary>Bytes follow the document.</summary>
    TrailingData = 102,

    /// <summary>The CBOR is well formed but not deterministic (RFC 8949 section 4.2.1), which our profile demands.</summary>
    NotDeterministic = 103,

    /// <summary>A depth, count or length exceeds <see cref="Encoding.DecodeLimits"/>.</summary>
    LimitExceeded = 104,

    /// <summary>An item has another type than its place demands.</summary>
    WrongType = 105,

    /// <summary>A required field is absent. Absence never means "not required".</summary>
    MissingField = 106,

    /// <summary>A field appears twice.</summary>
    DuplicateField = 107,

    /// <summary>A field that this version does not know and must not ignore.</summary>
    UnknownField = 108,

    /// <summary>A value lies outside its range.</summary>
    ValueOutOfRange = 109,

    /// <summary>JSON whose signed part is not in canonical form, so that its bytes are not the bytes that were signed.</summary>
    NotCanonical = 110,

    /// <summary>The document has another type or version than was asked for.</summary>
    WrongDocument = 201,

    /// <summary>The digest algorithm is not SHA-256.</summary>
    UnsupportedDigest = 202,

    /// <summary>A digest does not match the bytes it stands for.</summary>
    DigestMismatch = 203,

    /// <summary>There is no signature at all.</summary>
    NoSignatures = 204,

    /// <summary>Fewer valid signatures by distinct trusted keys than the threshold demands.</summary>
    ThresholdNotMet = 205,

    /// <summary>A threshold below one, or above the number of distinct keys.</summary>
    InvalidThreshold = 206,

    /// <summary>A key type, curve or signature scheme that is not supported.</summary>
    UnsupportedKey = 207,

    /// <summary>A valid SUIT construct that our profile does not support.</summary>
    Unsupported = 208,

    /// <summary>A single required signature is not valid.</summary>
    SignatureInvalid = 209,

    /// <summary>The release is for another vendor.</summary>
    WrongVendor = 301,

    /// <summary>The release is for another class of device.</summary>
    WrongClass = 302,

    /// <summary>The release is for another single device.</summary>
    WrongDevice = 303,

    /// <summary>The sequence number is lower than the one of the confirmed release.</summary>
    SequenceRollback = 304,

    /// <summary>The sequence number was already used by a different manifest.</summary>
    SequenceReused = 305,

    /// <summary>The security version is below the device's floor.</summary>
    BelowSecurityFloor = 306,

    /// <summary>The image does not fit the slot.</summary>
    ImageTooLarge = 307,

    /// <summary>The release failed on this device before.</summary>
    FailedBefore = 308,

    /// <summary>The release may not be installed from the one that runs.</summary>
    WrongInstalledVersion = 309,

    /// <summary>The release is for a component that the device does not have.</summary>
    WrongComponent = 310,

    /// <summary>The device's rollback counter cannot be raised as far as the release would have it.</summary>
    CounterExhausted = 311,

    /// <summary>The chunk table is not the one the manifest names, or contradicts it.</summary>
    ChunkTableMismatch = 401,

    /// <summary>A chunk does not have the digest that the verified table gives it.</summary>
    ChunkMismatch = 402,

    /// <summary>The pack's structure is wrong.</summary>
    PackMalformed = 403,

    /// <summary>The pack was made for another image.</summary>
    PackForAnotherImage = 404,

    /// <summary>A frame cannot be decompressed into exactly the signed length of its chunk.</summary>
    FrameInvalid = 405,

    /// <summary>The whole image does not have the digest of the manifest.</summary>
    ImageMismatch = 406,

    /// <summary>A delta pack is against another base image than the one at hand.</summary>
    BaseMismatch = 407,

    /// <summary>Metadata of an older version than the one already trusted.</summary>
    MetadataRollback = 501,

    /// <summary>Metadata past its expiry.</summary>
    MetadataExpired = 502,

    /// <summary>Metadata whose version is not the one its parent names.</summary>
    MetadataVersionMismatch = 503,

    /// <summary>Metadata or a target longer or shorter than its parent says.</summary>
    LengthMismatch = 504,

    /// <summary>A role that its parent does not name, or no longer names.</summary>
    UnknownRole = 505,

    /// <summary>No trusted role lists the target.</summary>
    TargetNotFound = 506,

    /// <summary>A path that is absolute, climbs, or is not in its one normal form.</summary>
    UnsafePath = 507,

    /// <summary>A hash bin whose keys or threshold are not its product's own.</summary>
    ForeignBinKeys = 508,

    /// <summary>The report speaks for another device than the one that sent it.</summary>
    ForeignReport = 601,

    /// <summary>The server took the report for wrong, and will not take it another time either.</summary>
    ReportRefused = 602,

    /// <summary>The release booted on trial and its health checks failed.</summary>
    HealthCheckFailed = 701,

    /// <summary>The release was activated, and no trial boot of it came to a confirmation.</summary>
    TrialBootFailed = 702,

    /// <summary>The device's own storage could not be read or written: full, worn out or defect.</summary>
    StorageFailed = 703,

    /// <summary>One of the device's own gates is closed: it has to wait, and is asked again.</summary>
    GateClosed = 704,

    /// <summary>In its trial boot nothing spoke against the release, and something beside it kept the device from finding it healthy.</summary>
    TrialUndecided = 705,

    /// <summary>An operator at the device had it go back to the release in the other slot.</summary>
    RolledBackByOperator = 706,

    /// <summary>There is no release to go back to: none was confirmed in the other slot, or it lies below the floor, or the bootloader refused it.</summary>
    NoFallback = 707,

    /// <summary>A certificate, or a request for one, for another name, key or authority than the one at hand.</summary>
    ForeignCertificate = 801,

    /// <summary>A certificate whose time is over, and which no policy accepts any more.</summary>
    CertificateExpired = 802,

    /// <summary>The certificate authority does not renew the certificate.</summary>
    RenewalRefused = 803,

    /// <summary>A hash, a tile or an entry of a log does not lead to the root hash that its checkpoint names.</summary>
    LogMismatch = 901,

    /// <summary>A log with fewer entries than it had, or a log that was named and is named no longer.</summary>
    LogTruncated = 902,

    /// <summary>Two checkpoints of one log of which neither tree is how the other began.</summary>
    LogSplitView = 903,

    /// <summary>Another log, or another key for the same one.</summary>
    ForeignLog = 904,

    /// <summary>A file that belongs to a log is not there.</summary>
    LogIncomplete = 905,
}
