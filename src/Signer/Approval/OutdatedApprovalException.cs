namespace Fota.Signer.Approval;

/// <summary>What was approved does not follow from the repository any more, as it moved on since: it has to be approved again, and nothing else is wrong with it.</summary>
internal sealed class OutdatedApprovalException(string message) : SignerRefusalException(message);
