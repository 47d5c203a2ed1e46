"""
Twenty questions about the proposals: titles, paraphrases, single rare words, and a person.
"""

from typing import Final

QUESTIONS: Final = (
    "How can a pod's CPU and memory be resized in place without a restart?",
    "graceful node shutdown",
    "Can CRDs validate their fields with CEL expressions?",
    "Which feature lets kube-proxy use nftables instead of iptables?",
    "structured logging in the kubelet and JSON output",
    "What happens to a volume that cannot be expanded after its resize failed?",
    "KEP-1693 warnings for deprecated API versions",
    "dual-stack services and pods with IPv6 addresses",
    "Gang scheduling: start all pods of a workload together or none of them",
    "bound service account tokens with audience and expiry",
    "run containers as non-root with user namespaces",
    "dynamic resource allocation for GPUs and device taints",
    "StatefulSet persistent volume claims that are deleted with the set",
    "kubectl diff, apply and server-side field ownership",
    "How do admission webhooks authenticate the API server?",
    "kubeadm",
    "Windows privileged host process containers",
    "node memory swap and the quality of service of pods",
    "Who leads the release team and how often is Kubernetes released?",
    "What did Jordan Liggitt propose about API priority and fairness?",
)
