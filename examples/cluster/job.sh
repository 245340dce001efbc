#!/bin/bash
# sbatch job.sh: four processes of eight cores, started by Slurm with PMIx.
#SBATCH --ntasks=4
#SBATCH --cpus-per-task=8
#SBATCH --time=1:00:00
srun --mpi=pmix onnxf train cnn --data photos --image-size 32 --shards 8 --out photos.onnx
