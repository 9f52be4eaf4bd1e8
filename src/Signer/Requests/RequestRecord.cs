namespace Fota.Signer.Requests;

/// <summary>A request and how far it came.</summary>
/// <param name="Request">What was asked.</param>
/// <param name="State">How far it came.</param>
/// <param name="Submitter">Who asked: the name of a person of the service.</param>
/// <param name="Created">When.</param>
/// <param name="Expires">Until when it has to be published.</param>
/// <param name="ManifestDigest">What is approved: the draft's manifest, or the one of the release that is to be withdrawn. Null before there is a draft.</param>
/// <param name="Approver">Who approved or rejected; null before.</param>
/// <param name="Outcome">Why it was rejected, withdrawn or failed; null otherwise.</param>
internal sealed record RequestRecord(
    ReleaseRequest Request,
    RequestState State,
    string Submitter,
    DateTimeOffset Created,
    DateTimeOffset Expires,
    string? ManifestDigest,
    string? Approver,
    string? Outcome)
{
    /// <summary>Its id.</summary>
    public string Id => Request.Id.ToString();

    /// <summary>Whether it may go on.</summary>
    public bool IsOpen => RequestNames.Open.Contains(State);

    /// <summary>For people, for example "release infusion-pump 1.2.0".</summary>
    public string Subject => $"{RequestNames.Of(Request.Kind)} {Request.Product} {Request.Version}";
}
