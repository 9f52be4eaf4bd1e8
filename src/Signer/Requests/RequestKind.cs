namespace Fota.Signer.Requests;

/// <summary>What is asked of the signer for one version of a product.</summary>
internal enum RequestKind
{
    None = 0,

    /// <summary>A new release, from an image.</summary>
    Release,

    /// <summary>A published release again, under a new sequence number: an intended downgrade.</summary>
    Reissue,

    /// <summary>A published release is taken out of the product's role: devices are offered it no more, and servers cannot choose it.</summary>
    Withdrawal,
}

/// <summary>How far a request came. The first four may go on, the others are its end.</summary>
internal enum RequestState
{
    None = 0,

    /// <summary>Images or the bill of materials are still to be sent.</summary>
    AwaitingContent,

    /// <summary>All is there; the service cuts, hashes and compresses, and then signs as the author.</summary>
    Preparing,

    /// <summary>The author signed; an approver has to.</summary>
    Pending,

    /// <summary>An approver signed; it can be published.</summary>
    Approved,

    /// <summary>It is in the repository.</summary>
    Published,

    /// <summary>An approver said no.</summary>
    Rejected,

    /// <summary>Whoever asked took it back.</summary>
    Withdrawn,

    /// <summary>Nobody approved or published it in time.</summary>
    Expired,

    /// <summary>It could not be made into a draft; the reason says why.</summary>
    Failed,
}

/// <summary>The names of kinds and states on the wire and in the journal.</summary>
internal static class RequestNames
{
    /// <summary>The states from which a request can go on.</summary>
    public static IReadOnlyList<RequestState> Open { get; } = [RequestState.AwaitingContent, RequestState.Preparing, RequestState.Pending, RequestState.Approved];

    /// <summary>As in "awaiting_content".</summary>
    public static string Of(RequestState state) => System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(state.ToString());

    /// <summary>As in "reissue".</summary>
    public static string Of(RequestKind kind) => kind.ToString().ToLowerInvariant();

    /// <summary>The state of this name.</summary>
    public static RequestState State(string name) => Enum.GetValues<RequestState>().FirstOrDefault(state => state != RequestState.None && string.Equals(Of(state), name, StringComparison.Ordinal));

    /// <summary>The kind of this name.</summary>
    public static RequestKind Kind(string name) => Enum.GetValues<RequestKind>().FirstOrDefault(kind => kind != RequestKind.None && string.Equals(Of(kind), name, StringComparison.Ordinal));
}
